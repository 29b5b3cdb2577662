# The install for other projects: `find_package(penstock)` makes penstock::engine. Headers are below
# include/penstock and are included as <penstock/actors/host/host.hpp>.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The public headers. The headers that they include are installed with them.
set(PENSTOCK_PUBLIC_HEADERS
  actors/peer/cluster_config.hpp
  actors/peer/connect.hpp
  actors/host/host.hpp
  actors/supervisor/spawn_engine.hpp
  config/load.hpp
  config/settings.hpp
  config/validate.hpp
  core/base/error.hpp
  core/jsonl/make_request.hpp
  core/jsonl/outcome_line.hpp
  core/base/request.hpp
  messages/add_messages.hpp
  messages/cluster.hpp
  messages/errors.hpp
  messages/flow.hpp
  messages/interfaces.hpp
  messages/job.hpp
  messages/submit.hpp
  messages/system_config.hpp
  messages/work.hpp)

add_library(penstock_engine INTERFACE)
add_library(penstock::engine ALIAS penstock_engine)
target_link_libraries(penstock_engine INTERFACE penstock_actors CAF::io CAF::openssl)
set_target_properties(penstock_engine PROPERTIES EXPORT_NAME engine)
target_include_directories(penstock_engine INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

# Checks that each of them compiles alone: the target public_headers_verify_interface_header_sets. No
# other target builds it.
add_library(penstock_public_headers INTERFACE)
target_link_libraries(penstock_public_headers INTERFACE penstock::engine)
target_sources(penstock_public_headers INTERFACE FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}
  FILES ${PENSTOCK_PUBLIC_HEADERS})
set_target_properties(penstock_public_headers PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)

get_property(penstock_rooms GLOBAL PROPERTY PENSTOCK_ROOMS)
list(FILTER penstock_rooms EXCLUDE REGEX "^penstock_(app_|mock)")
install(TARGETS ${penstock_rooms} penstock_engine
  EXPORT penstockTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
set(penstock_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/penstock)
install(EXPORT penstockTargets NAMESPACE penstock:: DESTINATION ${penstock_package_dir} COMPONENT library)
configure_package_config_file(config/cmake/penstockConfig.cmake.in ${PROJECT_BINARY_DIR}/penstockConfig.cmake
  INSTALL_DESTINATION ${penstock_package_dir} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/penstockConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/penstockConfig.cmake ${PROJECT_BINARY_DIR}/penstockConfigVersion.cmake
    ${PROJECT_SOURCE_DIR}/config/cmake/FindCAF.cmake
  DESTINATION ${penstock_package_dir} COMPONENT library)
install(CODE "
  set(PENSTOCK_SOURCE_DIR \"${PROJECT_SOURCE_DIR}\")
  set(PENSTOCK_PUBLIC_HEADERS \"${PENSTOCK_PUBLIC_HEADERS}\")
  set(PENSTOCK_HEADER_DIR \"${CMAKE_INSTALL_INCLUDEDIR}/penstock\")
  include(\"${PROJECT_SOURCE_DIR}/config/cmake/InstallHeaders.cmake\")" COMPONENT library)
