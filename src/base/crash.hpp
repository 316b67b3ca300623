#pragma once

namespace gemel::base {

/// From now on a process that cannot go on says so, and which rank it is. Where its memory is limited (ulimit -v, ulimit -d), libraries use
/// pointers that they did not get: an access to memory that fails is then told as a lack of it, and ends the process with the code of an
/// internal error. Elsewhere it ends by its signal, as ever.
void tell_of_crashes(int rank);

}  // namespace gemel::base
