#pragma once

#include "apps/mock/mock_answers.hpp"

#include <boost/json.hpp>

#include <functional>
#include <string_view>

namespace penstock::mock {

/// Parses a request body and fills what every shape has (model, stream, hash); `read` adds the
/// rest. The tree lives on the stack for bodies of the usual size.
result<mock_call>
read_body(std::string_view body,
          const std::function<result<void>(const boost::json::object&, mock_call&)>& read);

/// The text of a chat: tokens of every message, echo of the last one of the user.
void read_messages(const boost::json::array& messages, mock_call& c);
/// Texts or token arrays to embed.
void read_inputs(const boost::json::value& input, mock_call& c);
/// Tokens of a string or of an array of parts with `text`.
uint64_t content_tokens(const boost::json::value& content, std::string_view* text = nullptr);

uint64_t read_number(const boost::json::object& o, std::string_view key, uint64_t fallback);
bool read_bool(const boost::json::object& o, std::string_view key);
std::string_view read_string(const boost::json::object& o, std::string_view key);

void append_base64(std::string& out, std::string_view bytes);

} // namespace penstock::mock
