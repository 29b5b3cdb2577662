#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace penstock::io {

/// A complete answer, or the head of a streamed one.
struct http_reply {
  int status = 200;
  std::string content_type = "application/json"; ///< Empty: no such header.
  std::string headers;                           ///< More lines, each made by `add_header`.
  std::string body;
};

/// Appends "name: value" and a line end. Control characters in `value` become blanks, so that a
/// value cannot begin another header.
void add_header(std::string& headers, std::string_view name, std::string_view value);

class http_connection;

/// One request and the right to answer it, once. A copyable handle; all functions may be called
/// from any thread. After the connection is gone, or the answer is given, they do nothing. Views
/// of the request are valid until the answer is given.
/// An exchange without an answer keeps its connection until the client leaves.
class http_exchange {
public:
  http_exchange() = default;
  http_exchange(std::shared_ptr<http_connection> c, uint64_t serial)
      : connection_(std::move(c)), serial_(serial) {}

  std::string_view method() const;
  std::string_view target() const;                      ///< Path and query as sent.
  std::string_view header(std::string_view name) const; ///< Any case; empty if absent.
  std::string_view body() const;                        ///< Empty if a sink takes the body.
  std::string client() const;                           ///< Numeric address of the client.
  uint64_t connection() const; ///< Serial number of the connection, from 1; unique in a server.
  uint32_t ordinal() const;    ///< Place of the request on its connection, from 1.

  /// Sends the complete answer. One that comes before the whole body has arrived closes the
  /// connection; the rest of the body is thrown away.
  void reply(http_reply r) const;
  /// Begins an answer of unknown length; `write` and `end` follow. A body in `head` is its first
  /// piece.
  void begin(http_reply head) const;
  /// Sends a piece. `written(false)`: the client is gone. The next piece may wait for it, which
  /// bounds memory by one piece. A client that falls behind by more than
  /// `http_server_options::unsent_max` is cut off.
  void write(std::string bytes, std::function<void(bool alive)> written = {}) const;
  void end() const;
  /// Calls `f` if the connection breaks before the end of the answer.
  void on_closed(std::function<void()> f) const;
  /// Goes on reading a body whose sink asked for a pause. Not from within `take`.
  void resume_body() const;

private:
  friend struct http_internals;
  std::shared_ptr<http_connection> connection_;
  uint64_t serial_ = 0;
};

/// Takes the body of a request in parts, as they arrive, on the server's thread. Must not block.
/// The handler runs after the last part. A sink refuses the rest by answering its exchange. If the
/// client leaves or breaks the framing, `on_closed` of the exchange tells.
class http_body_sink {
public:
  virtual ~http_body_sink() = default;
  /// Takes a part. @returns false for a pause: the client is not read until
  /// `http_exchange::resume_body`. At most 64 KiB that were read before may still follow.
  virtual bool take(std::string_view part) = 0;
};

/// What becomes of a body whose header has been read.
struct http_body_plan {
  uint64_t body_max = 0;                ///< More answers 413; 0: as the server's options say.
  std::shared_ptr<http_body_sink> sink; ///< Null: the body is kept in memory for the handler.
};

} // namespace penstock::io
