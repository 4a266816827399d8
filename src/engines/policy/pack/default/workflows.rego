# Workflows: what they run is pinned, their token may do what it must, and releases are signed and gated.
package chiron.workflows

import data.chiron.lib

# METADATA
# title: A workflow or an action uses an action that is not pinned to a commit
# description: |
#   A tag or a branch can be moved to other code by whoever owns the action, and the workflow then runs that code with
#   its token and secrets. The name of a commit cannot be moved.
#
#   Write `uses: owner/action@COMMIT # v1.2.3` with the full name of the commit (40 digits), and an image with its
#   digest: `docker://image@sha256:…`. Actions of the repository itself (`./…`) are pinned by it.
deny_unpinned_action contains finding if some finding in lib.remaining(found, "unpinned-action")

# METADATA
# title: A pipeline includes a file that is not pinned
# description: |
#   A pipeline of GitLab that includes a project's file or a component without the commit, or an address without its
#   `integrity`, runs what somebody else may change.
#
#   Give `ref:` with the full name of a commit, `component: …@COMMIT`, or `integrity: sha256-…` for an address.
deny_unpinned_include contains finding if some finding in lib.remaining(found, "unpinned-include")

# METADATA
# title: A workflow does not say which permissions its token has
# description: |
#   Without `permissions` the token of a workflow has the repository's default, which may be to write everything.
#
#   Write `permissions: {contents: read}` at the top of the workflow, and in the jobs that need more what they need.
deny_undeclared_permissions contains finding if some finding in lib.remaining(found, "undeclared-permissions")

# METADATA
# title: A workflow's token may write everything
# description: |
#   `permissions: write-all` gives every step of the workflow, those of others' actions too, the right to change code,
#   releases, packages and settings.
#
#   Name what is needed: `permissions: {contents: write}`.
deny_write_all_permissions contains finding if some finding in lib.remaining(found, "write-all-permissions")

# METADATA
# title: A workflow releases without a signing step
# description: |
#   A workflow that publishes, or runs on tags or releases, has no step that signs or attests what it makes: nobody can
#   tell its files from others'.
#
#   Add a step such as `actions/attest-build-provenance`, `cosign sign-blob` or `gpg --detach-sign`. Steps of local
#   workflows and actions that are called count; steps that may fail (`continue-on-error`) do not. Other ways to sign
#   are named by regular expressions in the data `pack.signing_steps`.
deny_unsigned_release contains finding if some finding in lib.remaining(found, "unsigned-release")

# METADATA
# title: A workflow releases without a policy step
# description: |
#   A workflow that publishes, or runs on tags or releases, asks no policy first: what the gate refuses elsewhere is
#   released here.
#
#   Add a step such as `chiron check`, `conftest test` or `opa exec`. Steps of local workflows and actions that are
#   called count. Other gates are named by regular expressions in the data `pack.policy_steps`.
deny_ungated_release contains finding if some finding in lib.remaining(found, "ungated-release")

workflows := lib.present(input.workflows)

actions := lib.present(input.actions)

uses contains step.uses if {
	some workflow in workflows
	some job in workflow.jobs
	some step in job.steps
	step.uses
}

uses contains job.uses if {
	some workflow in workflows
	some job in workflow.jobs
	job.uses
}

uses contains step.uses if {
	some action in actions
	some step in action.steps
	step.uses
}

uses contains action.uses if {
	some action in actions
	action.uses
}

pin("docker") := "a digest"

pin(kind) := "a commit" if kind != "docker"

found contains lib.finding("unpinned-action", use.text, message, use.place) if {
	some use in uses
	not use.pinned
	message := sprintf("%s is not pinned to %s", [use.text, pin(use.kind)])
}

found contains lib.finding("unpinned-include", include.text, message, include.place) if {
	some workflow in workflows
	some include in workflow.includes
	not include.pinned
	message := sprintf("the included %s %s is not pinned", [include.kind, include.text])
}

# Where every job goes without, the workflow is told once.
found contains lib.finding("undeclared-permissions", workflow.path, message, workflow.place) if {
	some workflow in workflows
	undeclared(workflow)
	every job in workflow.jobs {
		not job.permissions
	}
	message := "the workflow declares no permissions for its token"
}

found contains lib.finding("undeclared-permissions", workflow.path, message, job.place) if {
	some workflow in workflows
	undeclared(workflow)
	some other in workflow.jobs
	other.permissions
	some job in workflow.jobs
	not job.permissions
	message := sprintf("neither the workflow nor its job %s declares permissions", [job.id])
}

undeclared(workflow) if {
	workflow.system == "github"
	not workflow.permissions
	count(workflow.jobs) > 0
}

found contains lib.finding("write-all-permissions", workflow.path, message, workflow.permissions.place) if {
	some workflow in workflows
	workflow.permissions.all == "write-all"
	message := "the workflow's token may write everything"
}

found contains lib.finding("write-all-permissions", workflow.path, message, job.permissions.place) if {
	some workflow in workflows
	some job in workflow.jobs
	job.permissions.all == "write-all"
	message := sprintf("the token of the job %s may write everything", [job.id])
}

found contains lib.finding("unsigned-release", workflow.path, message, lib.place_in(workflow, release.place)) if {
	some workflow in workflows
	release := releases[workflow.path]
	not has_step(workflow, "signs")
	message := sprintf("%s, and no step signs", [release.reason])
}

found contains lib.finding("ungated-release", workflow.path, message, lib.place_in(workflow, release.place)) if {
	some workflow in workflows
	release := releases[workflow.path]
	not has_step(workflow, "asks_policy")
	message := sprintf("%s, and no step asks a policy", [release.reason])
}

# --- which workflows release, and why ---

# The first reason in the order of these rules: a step that publishes, else what starts the workflow.
releases[path] := {"reason": first[2], "place": first[3]} if {
	some path, reasons in release_reasons
	first := min(reasons)
}

reason(rank, text, place) := [rank, [place.line, place.column], text, place]

release_reasons[workflow.path] contains reason(1, text, step.place) if {
	some workflow in workflows
	some job in workflow.jobs
	some step in job.steps
	publishes[step]
	text := sprintf("the step %q publishes", [step.label])
}

release_reasons[workflow.path] contains reason(2, "the workflow runs on releases", trigger.place) if {
	some workflow in workflows
	some trigger in workflow.triggers
	trigger.name == "release"
}

release_reasons[workflow.path] contains reason(2, "the workflow runs on tags", trigger.place) if {
	some workflow in workflows
	some trigger in workflow.triggers
	trigger.name == "push"
	count(trigger.tags) > 0
}

release_reasons[workflow.path] contains reason(2, text, job.place) if {
	some workflow in workflows
	some job in workflow.jobs
	object.get(job, "release", false)
	text := sprintf("the job %s makes a release", [job.id])
}

release_reasons[workflow.path] contains reason(3, text, job.place) if {
	some workflow in workflows
	some job in workflow.jobs
	some condition in object.get(job, "conditions", [])
	regex.match(`^only tags$|^\s*\$CI_COMMIT_TAG\s*($|=~|&&|!=\s*null)`, condition)
	text := sprintf("the job %s runs on tags", [job.id])
}

# --- kinds of steps ---

steps contains step if {
	some workflow in workflows
	some job in workflow.jobs
	some step in job.steps
}

steps contains step if {
	some action in actions
	some step in action.steps
}

# What a step runs, without comments and with its continued lines joined.
commands[step] := text if {
	some step in steps
	step.run
	plain := regex.replace(step.run, `(?m)(^|[ \t])#.*$`, "")
	joined := regex.replace(plain, `\\\r?\n`, " ")
	text := regex.replace(joined, `[ \t]+`, " ")
}

setting(name) := object.get(settings, name, [])

default settings := {}

settings := data.pack

runs(step, patterns) if {
	some pattern in patterns
	regex.match(pattern, commands[step])
}

publishing_actions := {
	"actions/create-release", "actions/upload-release-asset", "changesets/action", "cycjimmy/semantic-release-action",
	"goreleaser/goreleaser-action", "js-devtools/npm-publish", "ncipollo/release-action", "pypa/gh-action-pypi-publish",
	"release-plz/action", "rubygems/release-gem", "softprops/action-gh-release", "svenstaro/upload-release-action",
}

publishing_commands := [
	`\b(npm|pnpm|yarn|yarn npm|bun|poetry|uv|flit|hatch|pdm|cargo|lerna) publish\b`, `\btwine upload\b`,
	`\bgem push\b`, `\bgoreleaser\b[^\n]* release\b`, `\bgh release (create|upload)\b`, `\bglab release (create|upload)\b`,
	`\brelease-cli\b[^\n]* create\b`, `\b(docker|podman) (image )?push\b`, `\bdocker buildx build\b[^\n]*--push\b`,
	`\b(helm|oras|crane) push\b`, `\bdotnet nuget push\b`, `\bmvnw?\b[^\n]* deploy\b`, `\bgradlew?\b[^\n]*[ :]publish`,
	`\bsemantic-release\b`,
]

publishes contains step if {
	some step in steps
	lower(step.uses.name) in publishing_actions
}

publishes contains step if {
	some step in steps
	step.uses.name == "docker/build-push-action"
	step["with"].push == "true"
}

publishes contains step if {
	some step in steps
	runs(step, array.concat(publishing_commands, setting("publishing_steps")))
	not regex.match(`--dry-run\b`, commands[step])
}

signing_actions := {
	"actions/attest", "actions/attest-build-provenance", "actions/attest-sbom", "apple-actions/sign",
	"azure/trusted-signing-action", "sigstore/gh-action-sigstore-python",
}

signing_commands := [
	`\bcosign (sign|sign-blob|attest|attest-blob)\b`, `\bsigstore\b[^\n]* (sign|attest)\b`,
	`\bgpg2?\b[^\n]* (--(detach-sign|detach-sig|clear-?sign|sign)\b|-[abu]*s[ab]*\b)`,
	`\b(minisign|signify)\b[^\n]* -S`, `\bssh-keygen\b[^\n]* -Y sign\b`, `\bopenssl\b[^\n]* -sign\b`,
	`\b(signtool|notation|opa|chiron policy|rekor-cli|gitsign) sign\b`, `\bosslsigncode\b[^\n]* sign\b`,
	`\bcodesign\b[^\n]* (-s|--sign)\b`, `\b(debsign|dpkg-sig|jarsigner|rpmsign|in-toto-run|in-toto-sign)\b`,
	`\bapksigner sign\b`, `\brpm\b[^\n]* --(addsign|resign)\b`, `\bnpm publish\b[^\n]*--provenance\b`,
	`\bgh attestation sign\b`, `\bwitness run\b`,
]

signs contains step if {
	some step in steps
	step.uses.name in signing_actions
}

# It attests what it uploads unless told not to.
signs contains step if {
	some step in steps
	step.uses.name == "pypa/gh-action-pypi-publish"
	object.get(step["with"], "attestations", "true") != "false"
}

signs contains step if {
	some step in steps
	step.env.NPM_CONFIG_PROVENANCE == "true"
	publishes[step]
}

signs contains step if {
	some step in steps
	runs(step, array.concat(signing_commands, setting("signing_steps")))
}

policy_commands := [
	`\bchiron (check|policy (test|eval))\b`, `\bconftest (test|verify)\b`, `\bopa (eval|exec|test)\b`,
	`\bkyverno (apply|test)\b`, `\bgator (test|verify)\b`, `\bcheckov\b`, `\bampel verify\b`,
	`\bgh attestation verify\b`, `\bslsa-verifier verify`, `\bec validate\b`,
]

asks_policy contains step if {
	some step in steps
	runs(step, array.concat(policy_commands, setting("policy_steps")))
}

asks_policy contains step if {
	some step in steps
	step.uses.name == "bridgecrewio/checkov-action"
}

# --- what a workflow runs, with the local workflows and actions that it calls ---

calls[workflow.path] contains callee if {
	some workflow in workflows
	some job in workflow.jobs
	job.uses.kind == "local"
	callee := job.uses.path
}

calls[workflow.path] contains callee if {
	some workflow in workflows
	some job in workflow.jobs
	some step in job.steps
	step.uses.kind == "local"
	some callee in action_files(step.uses.path)
}

calls[workflow.path] contains include.path if {
	some workflow in workflows
	some include in workflow.includes
	include.kind == "local"
}

calls[action.path] contains callee if {
	some action in actions
	some step in action.steps
	step.uses.kind == "local"
	some callee in action_files(step.uses.path)
}

action_files(path) := {concat("/", [trim_suffix(path, "/"), name]) | some name in ["action.yml", "action.yaml"]}

reached(workflow) := graph.reachable(call_graph, {workflow.path})

call_graph := {path: object.get(calls, path, set()) | some path in files}

files := {workflow.path | some workflow in workflows} | {action.path | some action in actions}

kinds := {"signs": signs, "asks_policy": asks_policy}

has_step(workflow, kind) if {
	some path in reached(workflow)
	some step in steps_of[path]
	step in kinds[kind]
	must_run(step)
}

# A workflow of others that signs what the jobs before it made.
has_step(workflow, "signs") if {
	some job in workflow.jobs
	job.uses.kind == "workflow"
	job.uses.name == "slsa-framework/slsa-github-generator"
}

steps_of[workflow.path] contains step if {
	some workflow in workflows
	some job in workflow.jobs
	runs_at_all(workflow, job)
	some step in job.steps
}

steps_of[action.path] contains step if {
	some action in actions
	some step in action.steps
}

# Hidden jobs of GitLab run where others extend them.
runs_at_all(_, job) if not object.get(job, "hidden", false)

runs_at_all(workflow, job) if {
	job.hidden
	some other in workflow.jobs
	job.id in other.extends
}

must_run(step) if {
	not object.get(step, "continue_on_error", false)
	not object.get(step, "if", "") in {"false", "${{ false }}"}
}
