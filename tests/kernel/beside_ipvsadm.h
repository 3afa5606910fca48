// Our `ipvsadm` beside the real one, over what this network namespace's kernel holds: the same
// arguments, the same bytes, the same exit code. Thread: the one that is in the namespace.
#pragma once

#include <string>
#include <vector>

using Arguments = std::vector<std::string>;

// Every way to list a table, sorted and not, and the save format.
[[nodiscard]] std::vector<Arguments> table_modes();
[[nodiscard]] std::vector<Arguments> connection_modes();

// The first line in which the two differ; empty: they do not.
[[nodiscard]] std::string difference_from_ipvsadm(const Arguments& arguments);
// The same over all table modes.
[[nodiscard]] std::string differences_from_ipvsadm();
