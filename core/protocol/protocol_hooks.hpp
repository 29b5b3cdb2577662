#pragma once

#include "core/protocol/api_path.hpp"
#include "core/protocol/chat_answer.hpp"
#include "core/protocol/http_call.hpp"
#include "core/protocol/protocol_info.hpp"
#include "core/protocol/reply_judge.hpp"

#include <array>
#include <utility>

namespace penstock::core {

/// The path and body of a request in the form of a provider.
struct native_call {
  std::string path;
  payload body;
};

/// The differences of one provider. The common parts are in protocol.cpp.
struct protocol_hooks {
  /// The path and body to send. `kind` is the kind of `req.url`.
  result<native_call> (*translate)(const protocol_info& row, const request& req, api_path kind);
  /// Checks the body of a 2xx and reads its usage.
  answer_check check;
  key_header key{"Authorization", "Bearer "};
  std::pair<std::string_view, std::string_view> header{}; ///< One more header, if it has a name.
  /// Endings of a base URL that belong to another API of the same server. The first matching one is
  /// removed.
  std::array<std::string_view, 2> foreign_endings{};
  /// Reads the answer to a translated chat. Null: answers are unchanged.
  chat_answer (*read_chat)(const request& req, const boost::json::object& answer) = nullptr;
  /// Finds the vectors in the answer to translated embeddings. Null: answers are unchanged.
  std::vector<const boost::json::value*> (*read_vectors)(const boost::json::object& answer) =
    nullptr;
};

/// Each is defined in the file of its provider.
extern const protocol_hooks openai_hooks, anthropic_hooks, gemini_hooks, ollama_hooks;
bool is_anthropic_path(std::string_view path) noexcept;
bool is_gemini_path(std::string_view path) noexcept;
bool is_ollama_path(std::string_view path) noexcept;

} // namespace penstock::core
