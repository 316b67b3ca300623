#include "checkpoint/checkpoint_format.hpp"

namespace gemel::checkpoint {

const FileKind& checkpoint_file() {
  static const FileKind kind = {
      .format = "gemel-checkpoint",
      .noun = "checkpoint",
      .read_code = base::ExitCode::checkpoint,
      .write_code = base::ExitCode::checkpoint,
      .when_damaged =
          "Use an earlier checkpoint. --resume auto takes the newest sound one, as does a "
          "command that is given a directory",
      .when_other_file = "Name a file that this program wrote as a checkpoint, or a directory with some",
      .when_unfit =
          "The checkpoint is of another model or of another version of this program: give the "
          "options that it was trained with, or start afresh without --resume",
      .when_unwritten =
          "Earlier checkpoints are untouched. Free space on that file system, or choose another "
          "directory with --checkpoint-dir."};
  return kind;
}

}  // namespace gemel::checkpoint
