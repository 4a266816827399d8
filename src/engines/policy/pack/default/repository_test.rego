package chiron.repository_test

import data.chiron.lib
import data.chiron.repository
import data.chiron.workflows

at(line) := {"file": "w.yml", "line": line, "column": 1}

documents := {
	"workflows": [{"path": "w.yml", "exists": true, "system": "gitlab", "triggers": [], "jobs": [], "includes": [{"text": "acme/a", "kind": "project", "pinned": false, "place": at(2)}]}],
	"actions": [], "manifests": [], "locks": [], "sboms": [],
	"unreadable": [{"path": "x.yml", "message": "no mapping", "place": at(4)}],
}

test_unreadable if {
	findings := repository.deny_unreadable_file with input as documents
	findings == {{"rule": "unreadable-file", "subject": "x.yml", "msg": "cannot be read: no mapping", "_loc": at(4)}}
}

test_exceptions if {
	exceptions := [{"rule": "unpinned-include", "where": "acme/*", "reason": "ours"}, {"rule": "unreadable-file", "reason": "known"}]
	count(workflows.deny_unpinned_include) == 0 with input as documents with data.pack.exceptions as exceptions
	count(repository.deny_unreadable_file) == 0 with input as documents with data.pack.exceptions as exceptions
	count(repository.warn_unused_exception) == 0 with input as documents with data.pack.exceptions as exceptions
}

test_exceptions_that_do_not_apply if {
	exceptions := [{"rule": "unpinned-include", "where": "other/*", "reason": "ours"}, {"rule": "unpinned-include", "where": "acme/*"}]
	count(workflows.deny_unpinned_include) == 1 with input as documents with data.pack.exceptions as exceptions
	findings := repository.warn_unused_exception with input as documents with data.pack.exceptions as exceptions
	{finding.msg | some finding in findings} == {
		`the exception of unpinned-include for "other/*" excepts nothing`,
		`the exception of unpinned-include for "acme/*" gives no reason`,
	}
}

test_no_exceptions if lib.exceptions == []
