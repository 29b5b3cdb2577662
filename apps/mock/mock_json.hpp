#pragma once

#include "apps/mock/mock_answers.hpp"
#include "apps/mock/mock_conversation.hpp"
#include "core/json/json_fields.hpp"

#include <boost/json.hpp>

#include <functional>
#include <string_view>

namespace penstock::mock {

using body_reader = std::function<result<void>(const boost::json::object&, mock_call&)>;

/// Parses a request body and fills what every shape has (model, stream); `read` adds the rest. The
/// tree lives on the stack for bodies of the usual size. @param model Empty: the body names it.
result<mock_call> read_body(std::string_view body, std::string_view model, const body_reader& read);

/// Reads a conversation into a call.
struct talk {
  using part_reader = void (*)(talk&, conversation::role, const boost::json::object&);

  explicit talk(mock_call& c) : call(c) { call.input_tokens = 3; } ///< Priming of the reply.
  void turn() { call.input_tokens += 3; }                          ///< Another message.
  void say(conversation::role who, std::string_view text);
  /// An image or a document: base64 data, or an address.
  void attach(std::string_view data);
  /// A text, or parts that `read` knows.
  void content(conversation::role who, const boost::json::value& content, part_reader read);
  /// Everything is said. A pack is recognised by the last text of the user.
  void finish();

  mock_call& call;
  conversation words;
  std::string_view last_user{}; ///< Lives as long as the tree.
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
