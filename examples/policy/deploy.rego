# What every deployment must have.
package main

deny contains msg if {
	some container in input.spec.template.spec.containers
	endswith(container.image, ":latest")
	msg := sprintf("container %s runs the image %s; pin a version", [container.name, container.image])
}

deny contains msg if {
	some container in input.spec.template.spec.containers
	not container.securityContext.runAsNonRoot
	msg := sprintf("container %s may run as root", [container.name])
}

warn contains msg if {
	some container in input.spec.template.spec.containers
	not container.resources.limits.memory
	msg := sprintf("container %s has no memory limit", [container.name])
}
