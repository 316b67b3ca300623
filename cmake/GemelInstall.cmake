# gemel::gemel, the library that others link, and what `cmake --install` puts where: library, public headers, the trainer, and the
# package that find_package(gemel) finds.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Has all of gemel_rooms inside; a program that links it needs nothing of what that is made of.
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/generated/gemel.cpp CONTENT "// All of libgemel is in gemel_rooms.\n")
add_library(gemel SHARED ${PROJECT_BINARY_DIR}/generated/gemel.cpp)
add_library(gemel::gemel ALIAS gemel)
set_target_properties(gemel PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
target_compile_features(gemel PUBLIC cxx_std_20)
target_include_directories(gemel INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(gemel PRIVATE -Wl,--whole-archive gemel_rooms -Wl,--no-whole-archive)

install(TARGETS gemel trainer EXPORT gemel
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/gemel DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/gemel)
install(EXPORT gemel NAMESPACE gemel:: FILE gemelTargets.cmake DESTINATION ${package})
file(WRITE ${PROJECT_BINARY_DIR}/generated/gemelConfig.cmake "include(\${CMAKE_CURRENT_LIST_DIR}/gemelTargets.cmake)\n")
write_basic_package_version_file(${PROJECT_BINARY_DIR}/generated/gemelConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/gemelConfig.cmake ${PROJECT_BINARY_DIR}/generated/gemelConfigVersion.cmake
  DESTINATION ${package})
