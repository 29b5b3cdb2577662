#pragma once

#include "core/base/error.hpp"
#include "core/io/file/sqlite_guard.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// The file of a response store, and its error messages.
namespace penstock::io {

/// Number in the head of every store: "PSKC".
inline constexpr uint32_t application_id = 0x50534b43;

/// How failures of a response store are described.
database_words store_words(const std::string& path);
/// The error: `path` is not a response store.
error foreign_store(const std::string& path, std::string_view what);

/// Makes the file before SQLite does, readable only for its owner. SQLite gives its side files the
/// same mode. A database that others can read loses their rights, or is refused.
/// @param noun Its name in messages. @param remedy What users can do if it cannot be made.
result<void>
make_private_file(const std::string& path, std::string_view noun = "the cache",
                  std::string_view remedy = "name another with --cache-file, or pass --cache off");

/// Which program a file belongs to.
enum class file_mark : uint8_t { none, ours, foreign };
/// Reads the number in the head of the file. It does not use SQLite, because a damaged store must
/// be recognized, too; and a file of another program that was named by mistake must not be removed.
/// @param ours The number of the expected kind of file.
result<file_mark> read_mark(const std::string& path, uint32_t ours = application_id);

} // namespace penstock::io
