#pragma once

#include "apps/mock/mock_answers.hpp"
#include "apps/mock/mock_conversation.hpp"
#include "core/json/json_fields.hpp"

#include <boost/json.hpp>

#include <functional>
#include <string_view>

namespace penstock::mock {

using body_reader = std::function<result<void>(const boost::json::object&, mock_call&)>;

/// Parses a request body and reads model and stream; `read` reads the rest. Small bodies are parsed
/// without the heap. @param model Empty: the body names the model.
result<mock_call> read_body(std::string_view body, std::string_view model, const body_reader& read);

/// Reads a conversation into a call.
struct talk {
  using part_reader = void (*)(talk&, conversation::role, const boost::json::object&);

  explicit talk(mock_call& c) : call(c) { call.input_tokens = 3; } ///< Every reply costs 3 tokens.
  void turn() { call.input_tokens += 3; } ///< A message begins; it costs 3 tokens.
  void say(conversation::role who, std::string_view text);
  /// An image or a document: base64 data, or an address.
  void attach(std::string_view data);
  /// The content of a message: a text, or a list of parts for `read`.
  void content(conversation::role who, const boost::json::value& content, part_reader read);
  /// Call it after the last message. It finds a pack by the last text of the user.
  void finish();

  mock_call& call;
  conversation words;
  std::string_view last_user{}; ///< Valid as long as the parsed body.
};

/// Structured output was asked for. @param schema Null, or no object: any JSON object will do.
void ask_for_json(mock_call& c, const boost::json::value* schema);

/// One text to embed.
void add_input(mock_call& c, std::string_view text);
/// Texts or token arrays to embed.
void read_inputs(const boost::json::value& input, mock_call& c);

/// `dimensions` numbers from -1 to 1 as a JSON array.
void append_vector(std::string& out, uint32_t dimensions, uint64_t seed);
void append_base64(std::string& out, std::string_view bytes);

} // namespace penstock::mock
