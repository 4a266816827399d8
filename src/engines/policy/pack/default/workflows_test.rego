package chiron.workflows_test

import data.chiron.workflows

# The members of fields take the place of those of the object.
with_fields(object_given, fields) := object.union(object.remove(object_given, object.keys(fields)), fields)

at(line) := {"file": "w.yml", "line": line, "column": 1}

workflow(fields) := with_fields({"path": "w.yml", "exists": true, "system": "github", "place": at(1), "triggers": [], "jobs": [], "includes": []}, fields)

job(steps) := {"id": "a", "place": at(5), "permissions": {"write": []}, "steps": steps}

run(text) := {"label": text, "run": text, "place": at(9)}

messages(rule, documents) := {finding.msg |
	some finding in workflows.found with input as documents
	finding.rule == rule
}

releasing(steps) := {"workflows": [workflow({"jobs": [job(array.concat([run("npm publish")], steps))]})], "actions": []}

use(text, kind, pinned) := {"uses": {"text": text, "kind": kind, "pinned": pinned, "place": at(3)}, "place": at(3)}

test_actions_are_pinned_by_commit if {
	documents := {
		"workflows": [workflow({"jobs": [job([use("a/b@v1", "action", false), use("a/c@0", "action", true)])]})],
		"actions": [{
			"path": "action.yml", "exists": true, "steps": [use("a/d@v2", "action", false)],
			"uses": {"text": "docker://x", "kind": "docker", "pinned": false, "place": at(1)},
		}],
	}
	messages("unpinned-action", documents) == {
		"a/b@v1 is not pinned to a commit", "a/d@v2 is not pinned to a commit", "docker://x is not pinned to a digest",
	}
}

test_called_workflows_are_pinned if {
	called := {"id": "a", "place": at(1), "uses": {"text": "a/b/.github/workflows/c.yml@v1", "kind": "workflow", "pinned": false, "place": at(2)}}
	count(messages("unpinned-action", {"workflows": [workflow({"jobs": [called]})]})) == 1
}

test_deleted_workflows_say_nothing if {
	count(workflows.found) == 0 with input as {"workflows": [{"path": "gone.yml", "exists": false}], "actions": []}
}

test_includes_are_pinned if {
	includes := [{"text": "a/b", "kind": "project", "pinned": false, "place": at(2)}, {"text": "/c", "kind": "local", "path": "c", "pinned": true, "place": at(3)}]
	messages("unpinned-include", {"workflows": [workflow({"includes": includes})], "actions": []}) == {"the included project a/b is not pinned"}
}

test_permissions_of_other_systems_are_not_asked if {
	bare := object.remove(job([]), ["permissions"])
	count(messages("undeclared-permissions", {"workflows": [workflow({"jobs": [bare]})]})) == 1
	count(messages("undeclared-permissions", {"workflows": [workflow({"system": "gitlab", "jobs": [bare]})]})) == 0
	count(messages("undeclared-permissions", {"workflows": [workflow({"permissions": {"write": []}, "jobs": [bare]})]})) == 0
}

test_a_job_without_permissions_among_others if {
	jobs := [job([]), {"id": "b", "place": at(8), "steps": []}]
	messages("undeclared-permissions", {"workflows": [workflow({"jobs": jobs})]}) == {"neither the workflow nor its job b declares permissions"}
}

test_write_all if {
	all := {"all": "write-all", "place": at(2)}
	count(messages("write-all-permissions", {"workflows": [workflow({"permissions": all, "jobs": [with_fields(job([]), {"permissions": all})]})]})) == 2
}

test_commands_that_publish if {
	every command in ["npm publish", "yarn npm publish", "twine upload dist/*", "docker push x", "docker buildx build --push .", "gh release create v1", "./gradlew :app:publish", "mvn -B deploy", "goreleaser release", "helm push x y", "cargo publish", "acme-publish"] {
		documents := {"workflows": [workflow({"jobs": [job([run(command)])]})]}
		count(messages("unsigned-release", documents)) == 1 with data.pack.publishing_steps as [`^acme-publish`]
	}
	every command in ["npm publish --dry-run", "echo published", "docker build .", "# npm publish", "npm run publish-docs"] {
		count(messages("unsigned-release", {"workflows": [workflow({"jobs": [job([run(command)])]})]})) == 0
	}
}

started(fields) := messages("ungated-release", {"workflows": [workflow(fields)]})

test_what_starts_a_release if {
	started({"triggers": [{"name": "release", "place": at(2)}]}) == {"the workflow runs on releases, and no step asks a policy"}
	started({"triggers": [{"name": "push", "tags": ["v*"], "place": at(2)}]}) == {"the workflow runs on tags, and no step asks a policy"}
	started({"jobs": [with_fields(job([]), {"release": true})]}) == {"the job a makes a release, and no step asks a policy"}
	started({"jobs": [with_fields(job([]), {"conditions": ["$CI_COMMIT_TAG =~ /^v/"]})]}) == {"the job a runs on tags, and no step asks a policy"}
	started({"triggers": [{"name": "push", "branches": ["main"], "place": at(2)}]}) == set()
	started({"jobs": [with_fields(job([]), {"conditions": ["$CI_COMMIT_TAG == null"]})]}) == set()
}

test_commands_that_sign if {
	every command in ["cosign sign x", "cosign   attest x", "cosign \\\n  sign-blob x", "gpg --batch --detach-sign x", "gpg -ab -s x", "gpg2 --clearsign x", "minisign -Sm x", "ssh-keygen -q -Y sign -f k x", "openssl dgst -sha256 -sign k x", "rpm --addsign x", "npm publish --provenance", "python -m sigstore sign x", "acme-sign x"] {
		count(messages("unsigned-release", releasing([run(command)]))) == 0 with data.pack.signing_steps as [`^acme-sign`]
	}
	every command in ["gpg --verify x.sig", "cosign verify x", "# cosign sign x", "make   # cosign sign x", "openssl dgst -verify k"] {
		count(messages("unsigned-release", releasing([run(command)]))) == 1
	}
}

used_use(name, fields) := with_fields({"label": name, "place": at(9), "uses": {"name": name, "kind": "action", "pinned": true}}, fields)

pypi(attestations) := {"workflows": [workflow({"jobs": [job([used_use("pypa/gh-action-pypi-publish", {"with": attestations})])]})]}

test_actions_that_sign if {
	count(messages("unsigned-release", releasing([used_use("actions/attest-build-provenance", {})]))) == 0
	count(messages("unsigned-release", pypi({}))) == 0
	count(messages("unsigned-release", pypi({"attestations": "false"}))) == 1
	image := used_use("docker/build-push-action", {"with": {"push": "true"}})
	count(messages("unsigned-release", {"workflows": [workflow({"jobs": [job([image])]})]})) == 1
	provenance := with_fields(run("npm publish"), {"env": {"NPM_CONFIG_PROVENANCE": "true"}})
	count(messages("unsigned-release", {"workflows": [workflow({"jobs": [job([provenance])]})]})) == 0
	generator := {"id": "slsa", "place": at(7), "uses": {"name": "slsa-framework/slsa-github-generator", "kind": "workflow", "pinned": true}}
	count(messages("unsigned-release", {"workflows": [workflow({"jobs": [job([run("npm publish")]), generator]})]})) == 0
}

test_steps_that_may_not_run_do_not_count if {
	every fields in [{"continue_on_error": true}, {"if": "false"}, {"if": "${{ false }}"}] {
		count(messages("unsigned-release", releasing([with_fields(run("cosign sign x"), fields)]))) == 1
	}
	count(messages("unsigned-release", releasing([with_fields(run("cosign sign x"), {"if": "success()"})]))) == 0
}

test_commands_that_ask_a_policy if {
	every command in ["chiron check --since main", "conftest test deploy", "opa exec -b x", "kyverno apply x", "acme-gate"] {
		count(messages("ungated-release", releasing([run(command)]))) == 0 with data.pack.policy_steps as [`^acme-gate`]
	}
	count(messages("ungated-release", releasing([run("opa fmt x")]))) == 1
	count(messages("ungated-release", releasing([{"label": "x", "place": at(3), "uses": {"name": "bridgecrewio/checkov-action", "kind": "action", "pinned": true}}]))) == 0
}

local(path) := {"label": path, "place": at(3), "uses": {"kind": "local", "path": path, "pinned": true}}

test_local_workflows_and_actions_count if {
	documents := {
		"workflows": [
			workflow({"jobs": [job([run("npm publish"), local("ci/sign/")])]}),
			workflow({"path": "loop.yml", "jobs": [{"id": "a", "place": at(2), "steps": [run("npm publish")]}, {"id": "b", "place": at(3), "uses": {"kind": "local", "path": "loop.yml", "pinned": true}}]}),
		],
		"actions": [
			{"path": "ci/sign/action.yml", "exists": true, "steps": [local("ci/inner")]},
			{"path": "ci/inner/action.yaml", "exists": true, "steps": [run("cosign sign x")]},
		],
	}
	findings := workflows.found with input as documents
	{finding.subject | some finding in findings; finding.rule == "unsigned-release"} == {"loop.yml"}
}

publish(fields) := with_fields({"id": "publish", "place": at(5), "steps": [run("docker push x")]}, fields)

test_hidden_jobs_run_where_they_are_extended if {
	hidden := {"id": ".sign", "hidden": true, "place": at(2), "steps": [run("cosign sign x")]}
	count(messages("unsigned-release", {"workflows": [workflow({"system": "gitlab", "jobs": [hidden, publish({})]})]})) == 1
	count(messages("unsigned-release", {"workflows": [workflow({"system": "gitlab", "jobs": [hidden, publish({"extends": [".sign"]})]})]})) == 0
}

places(fields) := {finding._loc |
	some finding in workflows.found with input as {"workflows": [workflow(with_fields({"jobs": [job([run("npm publish")])]}, fields))]}
	finding.rule == "unsigned-release"
}

test_the_place_is_the_publishing_step_or_the_changed_file if {
	places({}) == {at(9)}
	places({"changed": true}) == {{"file": "w.yml"}}
}

test_findings_of_each_rule if {
	documents := {"workflows": [workflow({
		"permissions": {"all": "write-all", "place": at(2)},
		"jobs": [job([run("npm publish"), {"uses": {"text": "a/b@v1", "kind": "action", "name": "a/b", "pinned": false, "place": at(3)}, "place": at(3)}])],
		"includes": [{"text": "x", "kind": "remote", "pinned": false, "place": at(1)}],
	})]}
	count(workflows.deny_unpinned_action) == 1 with input as documents
	count(workflows.deny_unpinned_include) == 1 with input as documents
	count(workflows.deny_write_all_permissions) == 1 with input as documents
	count(workflows.deny_unsigned_release) == 1 with input as documents
	count(workflows.deny_ungated_release) == 1 with input as documents
	count(workflows.deny_undeclared_permissions) == 0 with input as documents
}

test_included_files_count if {
	publishing := workflow({"system": "gitlab", "jobs": [job([run("docker push x")])], "includes": [{"kind": "local", "path": "ci/sign.yml", "pinned": true, "text": "/ci/sign.yml", "place": at(1)}]})
	signing := workflow({"path": "ci/sign.yml", "system": "gitlab", "jobs": [job([run("cosign sign x")])]})
	count(messages("unsigned-release", {"workflows": [publishing]})) == 1
	count(messages("unsigned-release", {"workflows": [publishing, signing]})) == 0
}
