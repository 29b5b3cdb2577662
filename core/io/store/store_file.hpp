#pragma once

#include "core/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace SQLite {
class Exception;
}

/// What a response store has to do with its file besides SQL, and what its failures are called.
namespace penstock::io {

/// Stands in the head of every store: "PSKC".
inline constexpr uint32_t application_id = 0x50534b43;

/// What a user may do about a store that cannot be used; to end a message with.
std::string store_remedy(const std::string& path);
/// The store in `path` cannot be read.
error damaged_store(const std::string& path, std::string_view what);
/// `path` is something else.
error foreign_store(const std::string& path, std::string_view what);
/// An exception of SQLite in our words.
/// @param number `errno` of the failed system call behind `e`, 0 if unknown.
error store_error(const std::string& path, const SQLite::Exception& e, int number);

/// Makes the file before SQLite does, for its owner only: SQLite gives its side files the same
/// mode.
/// @param noun What it is to people. @param remedy What they may do if it cannot be made.
result<void>
make_private_file(const std::string& path, std::string_view noun = "the cache",
                  std::string_view remedy = "name another with --cache-file, or pass --cache off");

/// Whose a file is.
enum class file_mark : uint8_t { none, ours, foreign };
/// Reads it from the number in the head: SQLite may not be able to read the file, and what somebody
/// named by mistake must not be removed.
/// @param ours The number of our kind of file.
result<file_mark> read_mark(const std::string& path, uint32_t ours = application_id);

} // namespace penstock::io
