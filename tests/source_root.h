// Where the project's files lie, for tests that read recorded answers, goldens and documents.
#pragma once

#include <filesystem>

// Absolute. In a file of its own, so that a compiler cache serves every checkout: this alone
// differs.
std::filesystem::path source_root();
