# gemel_warnings: what every target of ours is compiled with, besides its own needs.
add_library(gemel_warnings INTERFACE)
target_compile_options(gemel_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow $<$<BOOL:${GEMEL_WERROR}>:-Werror>)
if(GEMEL_SANITIZE)
  target_compile_options(gemel_warnings INTERFACE -fsanitize=${GEMEL_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(gemel_warnings INTERFACE -fsanitize=${GEMEL_SANITIZE})
endif()
