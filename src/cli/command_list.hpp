#pragma once

#include "cli/command.hpp"

namespace gemel::cli {

/// All commands, each in the file of its name. A new one is a name in either line. The first is the one that runs when none is named.
using CommandMaker = Command();
CommandMaker train_command, plan_command, describe_command, prepare_command, evaluate_command,
    recommend_command, similar_command, export_command, inspect_command, diff_command, verify_command,
    synthesize_command;
inline constexpr CommandMaker* command_makers[] = {
    train_command,   plan_command,   describe_command, prepare_command, evaluate_command, recommend_command,
    similar_command, export_command, inspect_command,  diff_command,    verify_command,   synthesize_command};

}  // namespace gemel::cli
