#pragma once

#include "actors/http/http_answers.hpp"
#include "core/io/store/file_store.hpp"

#include <memory>

namespace penstock::actors {

/// A file that a client is sending. Belongs to the thread of its connection.
class http_upload;

/// Bytes of one file; more answers 413.
constexpr uint64_t upload_max = uint64_t{2} << 30;

/// Begins to take a file. @returns null if the call is answered: it is no upload, or the disk does
/// not take it.
std::shared_ptr<http_upload> open_upload(std::shared_ptr<io::file_store> files,
                                         const http_call& call);
/// Takes its body.
std::shared_ptr<io::http_body_sink> body_sink_of(const std::shared_ptr<http_upload>& upload);
/// The body has arrived: puts the file into the store, and answers.
void finish_upload(http_upload& upload);
/// The client has left: what came of the file is removed.
void drop_upload(http_upload& upload);

} // namespace penstock::actors
