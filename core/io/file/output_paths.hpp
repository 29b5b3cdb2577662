#pragma once

#include "core/base/error.hpp"
#include "core/io/file/journal.hpp"

#include <cstdint>
#include <span>
#include <string>

/// The names of the files beside an output, and checks before an output is changed.
namespace penstock::io {

/// The one name of an output, without links.
std::string canonical_path(const std::string& path);
/// The journal and the lock of an output.
std::string journal_path(const std::string& output);
std::string lock_path(const std::string& output);
/// While an output is written anew: the lines of the old one that stay, and the new output.
std::string kept_path(const std::string& output, uint64_t rebuild);
std::string next_path(const std::string& output, uint64_t rebuild);
/// Removes these files of all rebuilds but one; 0: of all.
void remove_rebuild_files(const std::string& output, uint64_t but = 0);
/// Whether `path` exists, also as a link to a missing file.
bool path_exists(const std::string& path);
/// Whether `path` exists and is neither a regular file nor a directory.
bool is_stream_path(const std::string& path);
/// The size of a file; zero if it does not exist.
uint64_t file_size_or_zero(const std::string& path);

/// A file that no output may replace, and what it is: "the recipe".
struct kept_file {
  std::string path;
  std::string what;
};
/// Refuses an output that is one of `kept`, also by links and hard links. Empty paths and "-" are
/// passed over.
result<void> check_not_kept(const std::string& output, std::span<const kept_file> kept);
/// Refuses an output that is the input itself, a directory, or a file of Penstock's own: a journal,
/// a lock, a store or a cache.
result<void> check_output_path(const std::string& input, const std::string& output);
/// Removes an output and its journal. The output is removed first: after a crash in between there
/// is a journal without an output, which is refused.
result<void> throw_away_output(const std::string& path);
/// Refuses an output that was begun with another input or other settings.
result<void> check_identity(const run_identity& begun, const run_identity& now,
                            const std::string& output);

} // namespace penstock::io
