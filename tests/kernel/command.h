// Runs a program of the node and collects what it says: the oracles of the kernel tests (ipvsadm,
// ip, nft). Only tests do this; the product never starts a process. Thread: any; blocks.
#pragma once

#include <string>
#include <vector>

struct CommandResult {
  int code = -1;       // exit code; 128 + the signal's number if one ended it
  std::string output;  // stdout and stderr
};

// What a command gets beside its words.
struct CommandOptions {
  std::string input = {};      // its stdin
  int network_namespace = -1;  // a descriptor of the one it runs in; -1: the calling thread's
};

[[nodiscard]] CommandResult run(const std::vector<std::string>& argv,
                                const CommandOptions& options = {});

// As run(), for commands that must succeed: fails the test and names the command if not.
std::string output_of(const std::vector<std::string>& argv, const CommandOptions& options = {});
