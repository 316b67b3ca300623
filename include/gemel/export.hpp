#pragma once

/// Marks what a program that links libgemel may use. Everything else in the library is hidden.
#if defined(__GNUC__)
#define GEMEL_API __attribute__((visibility("default")))
#else
#define GEMEL_API
#endif
