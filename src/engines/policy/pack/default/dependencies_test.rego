package chiron.dependencies_test

import data.chiron.dependencies

# The members of fields take the place of those of the object.
with_fields(object_given, fields) := object.union(object.remove(object_given, object.keys(fields)), fields)

place := {"file": "package.json", "line": 3, "column": 5}

dependency(name, requirement) := {"name": name, "requirement": requirement, "scope": "runtime", "local": false, "place": place}

manifest(fields) := with_fields({"path": "package.json", "exists": true, "ecosystem": "npm", "lock_names": ["package-lock.json"], "locks": ["package-lock.json"], "dependencies": [dependency("a", "^1")]}, fields)

lock(fields) := with_fields({"path": "package-lock.json", "exists": true, "ecosystem": "npm", "tool": "npm", "packages": {"a": ["1.0.0"]}, "requirements": {}}, fields)

messages(rule, manifests, locks) := {finding.msg |
	some finding in dependencies.found with input as {"manifests": manifests, "locks": locks}
	finding.rule == rule
}

test_in_step if {
	count(messages("stale-lock", [manifest({})], [lock({"requirements": {"package.json": {"a": ["^1"]}}})])) == 0
	count(messages("stale-lock", [manifest({})], [lock({})])) == 0
	count(messages("stale-lock", [manifest({})], [lock({"requirements": {"*": {"a": ["^0", "^1"]}}})])) == 0
	count(messages("stale-lock", [manifest({})], [lock({"requirements": {"package.json": {"a": ["^2", "*any*"]}}})])) == 0
}

test_lacks if {
	messages("stale-lock", [manifest({})], [lock({"packages": {}})]) == {"package-lock.json lacks a"}
	messages("stale-lock", [manifest({})], [lock({"requirements": {"package.json": {}}})]) == {"package-lock.json lacks a"}
}

test_another_range if {
	messages("stale-lock", [manifest({})], [lock({"requirements": {"package.json": {"a": ["^0"]}}})]) == {"package-lock.json was made for a ^0, not for ^1"}
	messages("stale-lock", [manifest({})], [lock({"requirements": {"*": {"a": ["", "^0"]}}})]) == {"package-lock.json was made for a of any version or ^0, not for ^1"}
}

test_peers_and_folders_are_not_checked if {
	left_out := [with_fields(dependency("b", "^1"), {"scope": "peer"}), with_fields(dependency("c", "file:c"), {"local": true})]
	count(messages("stale-lock", [manifest({"dependencies": left_out})], [lock({})])) == 0
}

cargo(requirement, versions) := messages(
	"stale-lock",
	[manifest({"path": "Cargo.toml", "locks": ["Cargo.lock"], "dependencies": [dependency("a", requirement)]})],
	[lock({"path": "Cargo.lock", "tool": "cargo", "packages": {"a": versions}})],
)

test_versions_of_cargo if {
	cargo("1.2", ["1.1.9"]) == {"Cargo.lock locks a 1.1.9, and Cargo.toml asks for 1.2"}
	every good in [["1", "1.9.3"], ["^1.2.3", "1.2.3"], ["0.4", "0.4.9"], ["0.0", "0.0.7"], [">=2, <3", "1.0.0"], ["1.2", "1.3.0-rc.1+x"], ["0", "0.9.0"]] {
		count(cargo(good[0], [good[1]])) == 0
	}
	every bad in [["2", "1.9.3"], ["1", "2.0.0"], ["0.4", "0.5.0"], ["0.4.2", "0.4.1"]] {
		count(cargo(bad[0], [bad[1]])) == 1
	}
	count(cargo("2", ["1.0.0", "2.1.0"])) == 0
}

places(fields) := {finding._loc | some finding in dependencies.found with input as {"manifests": [manifest({})], "locks": [lock(with_fields({"packages": {}}, fields))]}}

test_the_place_is_the_dependency_or_the_changed_lock_file if {
	places({}) == {place}
	places({"changed": true}) == {{"file": "package-lock.json"}}
}

test_missing if {
	application := manifest({"application": true, "locks": []})
	messages("missing-lock", [application], []) == {"package.json has no lock file (package-lock.json)"}
	count(messages("missing-lock", [with_fields(application, {"application": false})], [])) == 0
	count(messages("missing-lock", [with_fields(application, {"dependencies": []})], [])) == 0
	count(messages("missing-lock", [manifest({"application": true})], [lock({})])) == 0
	count(messages("missing-lock", [with_fields(application, {"path": "web/package.json"})], [lock({})])) == 0
	count(messages("missing-lock", [with_fields(application, {"path": "a/web/package.json"})], [lock({"path": "a/yarn.lock"})])) == 0
	count(messages("missing-lock", [with_fields(application, {"path": "b/web/package.json"})], [lock({"path": "a/yarn.lock"})])) == 1
	go := with_fields(application, {"path": "m/go.mod", "ecosystem": "go"})
	count(messages("missing-lock", [go], [lock({"path": "go.sum", "ecosystem": "go"})])) == 1
}

test_unstaged if {
	staged := manifest({"staged": true})
	count(messages("unstaged-lock", [staged], [lock({"modified": true, "tracked": true})])) == 1
	count(messages("unstaged-lock", [staged], [lock({"modified": false, "tracked": false})])) == 1
	count(messages("unstaged-lock", [staged], [lock({"modified": false, "tracked": true})])) == 0
	count(messages("unstaged-lock", [manifest({})], [lock({"modified": true})])) == 0
}

test_findings_of_each_rule if {
	documents := {
		"manifests": [manifest({"staged": true}), manifest({"path": "b/go.mod", "ecosystem": "go", "application": true, "locks": []})],
		"locks": [lock({"packages": {}, "modified": true})],
	}
	count(dependencies.deny_stale_lock) == 1 with input as documents
	count(dependencies.warn_missing_lock) == 1 with input as documents
	count(dependencies.warn_unstaged_lock) == 1 with input as documents
}
