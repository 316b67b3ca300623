#include "options/rows/rows.hpp"

namespace gemel::options {

std::vector<Option> checkpoint_rows(TrainingOptions& o) {
  const std::string group = "Checkpoints";
  return {
      {group, "checkpoint-dir", "DIR", "Directory where checkpoints are written; made when it is not there.",
       text(o.checkpoint.directory)},
      {group, "checkpoint-every", "INTERVAL",
       "Write one every N epochs (N or Nepochs) or steps (Nsteps), and at the end; 0: only at the end.",
       interval(o.checkpoint.every), Effect::run},
      {group, "keep", "N", "Checkpoints that are kept: the N newest ones.",
       whole_number(o.checkpoint.keep, 1), Effect::run},
      Option{group, "keep-best", "[=true|false]",
             "Write a checkpoint whenever the --monitor value is better than ever, and keep the best one "
             "besides the newest. What the summary tells is then measured on it.",
             toggle(o.checkpoint.keep_best), Effect::run}
          .needing(needs_monitor(o.checkpoint.keep_best, o)),
      {group, "store-history", "[=true|false]",
       "Keep the training items of every user in checkpoints, so that trainer recommend leaves them out "
       "without "
       "the data: 8 bytes for each, and each user's id.",
       toggle(o.checkpoint.store_history), Effect::run},
      {group, "checkpoint-wait", "[=true|false]",
       "Let training wait until a checkpoint is on the storage. Otherwise it goes on meanwhile, for which "
       "each "
       "rank keeps a copy of what it writes in memory.",
       toggle(o.checkpoint.wait)},
      {group, "resume", "auto|PATH",
       "Go on from a checkpoint: from the file PATH, or with auto from the newest sound one of "
       "--checkpoint-dir, or from the start if it holds none. On any number of ranks. Without --data, "
       "--ratings, --train-file or --synthetic-... the data and all settings that are not given are the "
       "checkpoint's.",
       text(o.checkpoint.resume, "start afresh")},
      Option{group, "freeze-vocabulary", "[=true|false]",
             "When the run goes on with other data: take users, items and words that the checkpoint does not "
             "know for unknown ones. Otherwise they become new rows of the tables, after the old ones.",
             toggle(o.freeze_vocabulary), Effect::run}
          .needing(always(!o.freeze_vocabulary || !o.checkpoint.resume.empty(),
                          "there is no vocabulary yet; give it with --resume, or leave it out")),
  };
}

}  // namespace gemel::options
