# Dependencies: manifest and lock file are in step.
package chiron.dependencies

import data.chiron.lib

# METADATA
# title: A lock file does not hold what its manifest asks for
# description: |
#   The manifest names a dependency that the lock file lacks, or asks for another range than the lock file was made for.
#   Whoever installs gets something else than was tested, or an error.
#
#   Write the lock file anew with the tool that made it (`npm install`, `cargo update --workspace`, `go mod tidy`,
#   `poetry lock`, `uv lock`, `composer update --lock`, `bundle lock`) and commit both. For npm, pnpm, yarn, uv, Go and
#   Bundler ranges are compared, for Cargo the locked versions, for the others names.
deny_stale_lock contains finding if some finding in lib.remaining(found, "stale-lock")

# METADATA
# title: An application has no lock file
# description: |
#   Without a lock file every installation chooses versions anew. Told of what is delivered as it is: private packages of
#   npm, crates with a program, modules of Go, projects of Composer, Gemfiles without a gemspec, Pipfiles and
#   requirements.in; a library may go without.
#
#   Commit the lock file.
warn_missing_lock contains finding if some finding in lib.remaining(found, "missing-lock")

# METADATA
# title: A manifest is staged without its changed lock file
# description: |
#   The commit that is being made has the manifest's change, and the lock file's stays behind in the working tree.
#
#   Stage both: `git add MANIFEST LOCK`.
warn_unstaged_lock contains finding if some finding in lib.remaining(found, "unstaged-lock")

manifests := lib.present(input.manifests)

locks[lock.path] := lock if some lock in lib.present(input.locks)

checked_scopes := {"runtime", "development", "build", "indirect"}

checked(manifest) := [dependency |
	some dependency in manifest.dependencies
	dependency.scope in checked_scopes
	not dependency.local
]

found contains lib.finding("stale-lock", subject, problem, place) if {
	some manifest in manifests
	some path in manifest.locks
	lock := locks[path]
	some dependency in checked(manifest)
	problem := problem_of(manifest, lock, dependency)
	subject := sprintf("%s:%s", [manifest.path, dependency.name])
	place := lib.place_in(lock, dependency.place)
}

# What the lock file notes of the manifest's requirements, where it notes any.
noted(manifest, lock) := lock.requirements[manifest.path]

noted(manifest, lock) := lock.requirements["*"] if not lock.requirements[manifest.path]

problem_of(manifest, lock, dependency) := sprintf("%s lacks %s", [lock.path, dependency.name]) if {
	ranges := noted(manifest, lock)
	not ranges[dependency.name]
}

problem_of(manifest, lock, dependency) := sprintf("%s lacks %s", [lock.path, dependency.name]) if {
	not noted(manifest, lock)
	not lock.packages[dependency.name]
}

problem_of(manifest, lock, dependency) := message if {
	ranges := noted(manifest, lock)[dependency.name]
	not dependency.requirement in ranges
	not "*any*" in ranges
	message := sprintf("%s was made for %s %s, not for %s", [
		lock.path, dependency.name,
		concat(" or ", [shown(range) | some range in ranges]),
		shown(dependency.requirement),
	])
}

shown("") := "of any version"

shown(range) := range if range != ""

# Cargo notes no requirements; the common one (at least this version, of the same major one) tells by the versions.
problem_of(manifest, lock, dependency) := message if {
	lock.tool == "cargo"
	versions := lock.packages[dependency.name]
	least := caret(dependency.requirement)
	every version in versions {
		not compatible(version, least)
	}
	message := sprintf("%s locks %s %s, and %s asks for %s", [
		lock.path, dependency.name, concat(" and ", versions), manifest.path, dependency.requirement,
	])
}

# "1", "1.2" and "^1.2.3" as three numbers.
caret(requirement) := [to_number(part) | some part in padded] if {
	regex.match(`^\^?[0-9]+(\.[0-9]+){0,2}$`, requirement)
	parts := split(trim_prefix(requirement, "^"), ".")
	padded := array.slice(array.concat(parts, ["0", "0"]), 0, 3)
}

compatible(version, least) if {
	parts := [to_number(part) | some part in split(regex.replace(version, `[-+].*$`, ""), ".")]
	parts >= least
	leading(parts, least) == leading(least, least)
}

# Versions are compatible that share the first number that is not 0.
leading(parts, least) := array.slice(parts, 0, 1) if least[0] > 0

leading(parts, least) := array.slice(parts, 0, 2) if {
	least[0] == 0
	least[1] > 0
}

leading(parts, least) := array.slice(parts, 0, 1) if {
	least[0] == 0
	least[1] == 0
}

found contains lib.finding("missing-lock", manifest.path, message, {"file": manifest.path}) if {
	some manifest in manifests
	manifest.application
	count(checked(manifest)) > 0
	count(manifest.locks) == 0
	not lock_above(manifest)
	message := sprintf("%s has no lock file (%s)", [manifest.path, concat(", ", manifest.lock_names)])
}

# A workspace has one lock file at its root; a module of Go has its own.
lock_above(manifest) if {
	manifest.ecosystem != "go"
	some path, lock in locks
	lock.ecosystem == manifest.ecosystem
	regex.replace(path, `/[^/]*$`, "/") != path
	startswith(manifest.path, regex.replace(path, `/[^/]*$`, "/"))
}

lock_above(manifest) if {
	manifest.ecosystem != "go"
	some path, lock in locks
	lock.ecosystem == manifest.ecosystem
	not contains(path, "/")
	contains(manifest.path, "/")
}

found contains lib.finding("unstaged-lock", lock.path, message, {"file": lock.path}) if {
	some manifest in manifests
	manifest.staged
	some path in manifest.locks
	lock := locks[path]
	left_behind(lock)
	message := sprintf("%s is staged, and the change of %s is not", [manifest.path, lock.path])
}

left_behind(lock) if lock.modified

left_behind(lock) if not lock.tracked
