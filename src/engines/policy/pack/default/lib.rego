# What the rules of the pack share. Settings and exceptions are data below `pack`.
package chiron.lib

# What a rule found. The subject is what an exception names.
finding(rule, subject, message, place) := {"rule": rule, "subject": subject, "msg": message, "_loc": place}

remaining(found, rule) := {finding |
	some finding in found
	finding.rule == rule
	not excepted(rule, finding.subject)
}

excepted(rule, subject) if {
	some exception in exceptions
	applies(exception, rule, subject)
}

applies(exception, rule, subject) if {
	exception.rule == rule
	object.get(exception, "reason", "") != ""
	glob.match(object.get(exception, "where", "*"), null, subject)
}

default exceptions := []

exceptions := data.pack.exceptions

# Files that are there; what git knows and the folder lacks has no content.
present(list) := [file | some file in list; file.exists]

# A finding about a file as a whole has no line where the file was changed, so that it counts in a run that is limited to
# the change, whatever line the change took away.
place_in(file, _) := {"file": file.path} if file.changed

place_in(file, place) := place if not file.changed
