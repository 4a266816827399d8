# Installation, the Debian package and the relocatable tarball.
include(GNUInstallDirs)

set(man_folder "${CMAKE_BINARY_DIR}/man")
set(completion_folder "${CMAKE_BINARY_DIR}/completion")
set(notices_file "${CMAKE_BINARY_DIR}/THIRD-PARTY-NOTICES.txt")

add_custom_target(man-pages
  COMMAND chiron reference "${man_folder}" --form man
  COMMAND ${CMAKE_COMMAND} -E make_directory "${completion_folder}"
  COMMAND chiron completion bash > "${completion_folder}/chiron"
  COMMAND chiron completion zsh > "${completion_folder}/_chiron"
  COMMAND chiron completion fish > "${completion_folder}/chiron.fish"
  DEPENDS chiron COMMENT "Manual pages and completion" VERBATIM)
add_custom_target(notices
  COMMAND "${CMAKE_SOURCE_DIR}/scripts/notices.sh" "${CMAKE_BINARY_DIR}" "${notices_file}"
  DEPENDS chiron COMMENT "Notices of what is linked" VERBATIM)

# Libraries that Debian has only as shared objects travel beside the program in the tarball.
set_target_properties(chiron PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/chiron")
install(TARGETS chiron RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT chiron)
install(DIRECTORY "${man_folder}/" DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT chiron OPTIONAL FILES_MATCHING PATTERN "*.1")
install(FILES "${completion_folder}/chiron" DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT chiron OPTIONAL)
install(FILES "${completion_folder}/_chiron" DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT chiron OPTIONAL)
install(FILES "${completion_folder}/chiron.fish" DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT chiron OPTIONAL)
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT chiron)
install(FILES "${notices_file}" DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT chiron OPTIONAL)

set(CPACK_PACKAGE_NAME chiron)
set(CPACK_PACKAGE_VENDOR "The Chiron authors")
set(CPACK_PACKAGE_CONTACT "The Chiron authors <chiron@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "The whole gate of a repository in one program")
set(CPACK_PACKAGE_DESCRIPTION
  "Chiron runs what must pass before software is released - tests, coverage of changed lines,\npolicies, prose, comparison of builds, and the linters a team already has - offline, in parallel,\nfrom one chiron.toml, and gives one report.")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_RESOURCE_FILE_LICENSE "${CMAKE_SOURCE_DIR}/LICENSE")
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL chiron)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_GENERATOR "DEB;TGZ")
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_ARCHIVE_COMPONENT_INSTALL OFF)  # what is bundled belongs to no component
set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)
set(CPACK_PACKAGE_FILE_NAME "chiron-${PROJECT_VERSION}-linux-x86_64")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE amd64)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "git")
set(CPACK_PROJECT_CONFIG_FILE "${CMAKE_SOURCE_DIR}/cmake/package-options.cmake")
set(CPACK_CHIRON_SOURCE "${CMAKE_SOURCE_DIR}")
set(CPACK_PRE_BUILD_SCRIPTS "${CMAKE_SOURCE_DIR}/cmake/bundle-libraries.cmake")
include(CPack)
