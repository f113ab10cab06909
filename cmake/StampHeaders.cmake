# Run by cmake/Stamp.cmake: one hash over the bytes of all HEADERS, as a header.
set(all "")
foreach(header IN LISTS HEADERS)
  file(SHA256 ${header} one)
  string(APPEND all ${one})
endforeach()
string(SHA256 stamp "${all}")
file(WRITE ${OUT}.new "#define BUILD_STAMP \"${stamp}\"\n")
file(COPY_FILE ${OUT}.new ${OUT} ONLY_IF_DIFFERENT)
