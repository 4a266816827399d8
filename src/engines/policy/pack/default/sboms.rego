# Bills of materials: they are of the dependencies that are there now.
package chiron.sboms

import data.chiron.lib

# METADATA
# title: A bill of materials is older than a lock file that it is of
# description: |
#   The lock file (or a manifest without one) at or below the bill's folder was changed after the bill: by the time of
#   their commits, and of the file where it is not committed as it stands or there is no git. A shallow clone knows no
#   older times than its own: fetch the history where this rule counts.
#
#   Make the bill anew and commit it with the lock file.
deny_outdated_sbom contains finding if some finding in lib.remaining(found, "outdated-sbom")

# METADATA
# title: A bill of materials is older than the window allows
# description: |
#   The bill says by its own time stamp, or by its commit where it has none, that it was made more days ago than the
#   window has (`window-days`, 90 unless told; 0 for none).
#
#   Make the bill anew.
warn_expired_sbom contains finding if some finding in lib.remaining(found, "expired-sbom")

# METADATA
# title: A bill of materials lists another version than the lock file, or none
# description: |
#   A dependency that a manifest asks for at run time is locked, and the bill lists it not at all or in another version.
#
#   Make the bill anew from the lock file.
warn_mismatched_sbom contains finding if some finding in lib.remaining(found, "mismatched-sbom")

sboms := lib.present(input.sboms)

locked contains manifest.path if {
	some manifest in lib.present(input.manifests)
	count(manifest.locks) > 0
}

# It stands at the file that changed: in a run that is limited to a change that is the one that counts.
found contains object.union(base, {"related": [related]}) if {
	some sbom in sboms
	some later in sbom.behind
	not later.path in locked
	message := sprintf("%s is older than %s", [sbom.path, later.path])
	base := lib.finding("outdated-sbom", sbom.path, message, {"file": later.path})
	related := object.union(sbom.place, {"message": "made earlier"})
}

found contains lib.finding("expired-sbom", sbom.path, message, sbom.place) if {
	some sbom in sboms
	sbom.in_window == false
	message := sprintf("%s was made %d days ago, and the window is %d days", [
		sbom.path, sbom.generated_days, input.window_days,
	])
}

# A bill that lists nothing is of something else.
found contains lib.finding("mismatched-sbom", subject, message, sbom.place) if {
	some sbom in sboms
	count(sbom.components) > 0
	some manifest in lib.present(input.manifests)
	manifest.path in sbom.manifests
	some lock in lib.present(input.locks)
	lock.path in manifest.locks
	some dependency in manifest.dependencies
	dependency.scope == "runtime"
	versions := lock.packages[dependency.name]
	message := mismatch(sbom, lock, dependency.name, versions)
	subject := sprintf("%s:%s", [sbom.path, dependency.name])
}

mismatch(sbom, lock, name, _) := message if {
	not sbom.components[name]
	message := sprintf("%s does not list %s, which %s locks", [sbom.path, name, lock.path])
}

mismatch(sbom, lock, name, versions) := message if {
	listed := sbom.components[name]
	count(plain(listed) & plain(versions)) == 0
	message := sprintf("%s lists %s %s, and %s locks %s", [
		sbom.path, name, concat(" and ", listed), lock.path, concat(" and ", versions),
	])
}

plain(versions) := {trim_prefix(version, "v") | some version in versions}
