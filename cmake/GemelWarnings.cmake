# gemel_warnings: what every target of ours is compiled with, besides its own needs.
add_library(gemel_warnings INTERFACE)
target_compile_options(gemel_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow $<$<BOOL:${GEMEL_WERROR}>:-Werror>)
# GCC 12 sees overlapping copies in std::string concatenation where there are none (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(gemel_warnings INTERFACE -Wno-restrict)
endif()
if(GEMEL_SANITIZE)
  target_compile_options(gemel_warnings INTERFACE -fsanitize=${GEMEL_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(gemel_warnings INTERFACE -fsanitize=${GEMEL_SANITIZE})
endif()
