# Writes a header that defines GEMEL_COMMIT, the commit of a source tree, or "unknown" where that is no git checkout of its own.
#   cmake -DSOURCE_DIR=... -DHEADER=... -P GemelCommit.cmake
set(commit unknown)
find_program(git NAMES git)
if(git AND EXISTS ${SOURCE_DIR}/.git)  # not a tarball that was unpacked inside of another checkout
  execute_process(COMMAND ${git} -C ${SOURCE_DIR} describe --always --dirty --abbrev=12 --exclude=*
    OUTPUT_VARIABLE described RESULT_VARIABLE failed ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT failed AND described)
    set(commit ${described})
  endif()
endif()
set(content "#define GEMEL_COMMIT \"${commit}\"\n")
set(written "")
if(EXISTS ${HEADER})
  file(READ ${HEADER} written)
endif()
if(NOT written STREQUAL content)
  file(WRITE ${HEADER} "${content}")
endif()
