#pragma once

#include "core/base/request.hpp"

#include <boost/json.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// One piece of a message. Views point into the document of its `chat_request`.
struct chat_part {
  enum class kind : uint8_t {
    text,  ///< `text`.
    media, ///< `data` in base64, of `media_type`.
    link,  ///< `url`, an https or http address of an image.
  };
  kind what = kind::text;
  std::string_view text;
  std::string_view media_type; ///< "image/png", "application/pdf", "audio/wav".
  std::string_view data;
  std::string_view url;
  std::string_view name;                             ///< Of a file, if it has one.
  const boost::json::value* cache_control = nullptr; ///< Anthropic's member, if the message has it.
};

/// A call of the assistant.
struct chat_call {
  std::string_view id;
  std::string_view name;
  boost::json::object arguments;
  std::string_view signature; ///< Gemini's thought signature (`extra_content.google`), if any.
};

/// One message, in the order of the conversation.
struct chat_message {
  enum class role : uint8_t { system, user, assistant, tool };
  role from = role::user;
  std::vector<chat_part> parts;
  std::vector<chat_call> calls; ///< Calls of an assistant.
  std::string_view call_id;     ///< Of a tool: the call that it answers.
};

/// A function that the model may call.
struct chat_tool {
  std::string_view name, description;
  const boost::json::value* parameters = nullptr; ///< A JSON schema.
  bool strict = false;
};

/// The body of a chat in OpenAI's shape, read and checked once for all protocols that translate it.
/// Members that change nothing in the answer (`store`, `stream`, `metadata`, ...) are left out, and
/// so are members without effect (null, a penalty of 0). A protocol must refuse any other member
/// that it cannot express: without it the answer would change.
struct chat_request {
  std::shared_ptr<const boost::json::value> document; ///< Owns what the views point to.
  std::string_view model;
  std::vector<chat_message> messages; ///< At least one.
  std::vector<chat_tool> tools;
  enum class choice : uint8_t { automatic, none, required, named };
  std::optional<choice> tool_choice;
  std::string_view tool_name; ///< For `choice::named`.
  bool parallel_tool_calls = true;
  uint64_t output_tokens_max = 0; ///< 0: not given.
  uint64_t answers = 1;           ///< `n`.
  std::vector<std::string_view> stop;
  std::string_view user; ///< `safety_identifier`, else `user`.
  enum class format : uint8_t { text, json_object, json_schema };
  format answer_format = format::text;
  const boost::json::value* schema = nullptr; ///< For `format::json_schema`.
  std::string_view effort; ///< `reasoning_effort`: none, minimal, low ... max; or empty.

  /// Numbers that keep their value, by the name that OpenAI or vLLM uses.
  struct setting {
    std::string_view name;
    const boost::json::value* value;
  };
  std::vector<setting> numbers; ///< temperature, top_p, top_k, min_p, seed, penalties.
  std::vector<setting> others;  ///< Members without a place above.
};

/// Reads the body of `req`.
/// @returns invalid_input that names the member ("messages[2].content[0].type ...").
result<chat_request> read_chat_request(const request& req);

/// The name of a number in a protocol. An empty `to` leaves it out without an error.
struct number_name {
  std::string_view from, to;
};

/// Writes `chat.numbers` to `out` with the names of a protocol.
/// @returns bad_request for a number that is missing in `names`.
std::optional<error> put_numbers(const chat_request& chat, std::span<const number_name> names,
                                 std::string_view native_path, boost::json::object& out);

/// Writes the members of `chat.others` to `out` that the protocol has under the same name.
/// @returns bad_request for the first member that it does not have.
std::optional<error> put_others(const chat_request& chat, std::span<const std::string_view> known,
                                std::string_view native_path, boost::json::object& out);

/// The error for a member that a protocol cannot express, with the remedy.
error no_equivalent(std::string_view what, std::string_view native_path);

/// The schema of the parameters of a tool; without parameters: an empty object.
boost::json::value parameters_of(const chat_tool& tool);

/// All text parts, joined by line breaks.
std::string text_of(const chat_message& message);

/// The name of the function of the call `id` before `messages[before]`; empty: there is none.
std::string_view called_name(const chat_request& chat, size_t before, std::string_view id);

} // namespace penstock::core
