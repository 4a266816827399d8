package chiron.sboms_test

import data.chiron.sboms

# The members of fields take the place of those of the object.
with_fields(object_given, fields) := object.union(object.remove(object_given, object.keys(fields)), fields)

place := {"file": "bom.json", "line": 1, "column": 1}

sbom(fields) := with_fields({"path": "bom.json", "exists": true, "place": place, "components": {}, "behind": [], "manifests": ["go.mod"], "locks": ["go.sum"]}, fields)

manifest := {"path": "go.mod", "exists": true, "locks": ["go.sum"], "dependencies": [
	{"name": "a", "scope": "runtime"},
	{"name": "b", "scope": "development"},
]}

lock := {"path": "go.sum", "exists": true, "packages": {"a": ["v1.0.0"], "b": ["v1.0.0"]}}

documents(fields) := {"window_days": 90, "sboms": [sbom(fields)], "manifests": [manifest], "locks": [lock]}

test_fresh if count(sboms.found) == 0 with input as documents({"in_window": true, "components": {"a": ["1.0.0"]}})

test_without_a_window if count(sboms.warn_expired_sbom) == 0 with input as documents({})

test_older_than_the_lock_file if {
	findings := sboms.deny_outdated_sbom with input as documents({"behind": [{"path": "go.sum"}, {"path": "go.mod"}]})
	findings == {{
		"rule": "outdated-sbom", "subject": "bom.json", "msg": "bom.json is older than go.sum", "_loc": {"file": "go.sum"},
		"related": [{"file": "bom.json", "line": 1, "column": 1, "message": "made earlier"}],
	}}
}

test_out_of_the_window if {
	findings := sboms.warn_expired_sbom with input as documents({"in_window": false, "generated_days": 100})
	{finding.msg | some finding in findings} == {"bom.json was made 100 days ago, and the window is 90 days"}
}

messages(components) := {finding.msg | some finding in sboms.warn_mismatched_sbom with input as documents({"components": components})}

test_other_versions if {
	messages({"a": ["0.9.0"]}) == {"bom.json lists a 0.9.0, and go.sum locks v1.0.0"}
	messages({"c": ["0.9.0"]}) == {"bom.json does not list a, which go.sum locks"}
	messages({}) == set()
}
