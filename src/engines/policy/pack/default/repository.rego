# The pack itself: files that no reader understands, and exceptions that nothing needs.
package chiron.repository

import data.chiron.lib

# METADATA
# title: A manifest, lock file, bill of materials or workflow cannot be read
# description: |
#   What cannot be read cannot be judged: the rules of the pack say nothing of that file.
#
#   Correct the file, or leave it out with `exclude` in `[workspace]`.
deny_unreadable_file contains finding if some finding in lib.remaining(found, "unreadable-file")

# METADATA
# title: An exception of the pack excepts nothing, or gives no reason
# description: |
#   An exception in the data `pack.exceptions` is `{rule, where, reason}`; `where` is a glob over what the finding is
#   about. One that no finding needs any more hides the next one; one without a reason is not applied.
#
#   Delete it, or give the reason.
warn_unused_exception contains finding if some finding in unused

found contains lib.finding("unreadable-file", file.path, message, file.place) if {
	some file in input.unreadable
	message := sprintf("cannot be read: %s", [file.message])
}

everything := ((data.chiron.workflows.found | data.chiron.dependencies.found) | data.chiron.sboms.found) | found

unused contains {"rule": "unused-exception", "subject": exception.rule, "msg": message} if {
	some exception in lib.exceptions
	not needed(exception)
	message := sprintf("the exception of %s for %q excepts nothing", [exception.rule, object.get(exception, "where", "*")])
	object.get(exception, "reason", "") != ""
}

unused contains {"rule": "unused-exception", "subject": exception.rule, "msg": message} if {
	some exception in lib.exceptions
	object.get(exception, "reason", "") == ""
	message := sprintf("the exception of %s for %q gives no reason", [exception.rule, object.get(exception, "where", "*")])
}

needed(exception) if {
	some finding in everything
	lib.applies(exception, finding.rule, finding.subject)
}
