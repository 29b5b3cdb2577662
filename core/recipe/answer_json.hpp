#pragma once

#include "core/base/error.hpp"
#include "core/recipe/row_scope.hpp"
#include "core/recipe/schema_check.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace penstock::core {

/// The words of a model's answer.
struct answer_text {
  std::string text;          ///< `choices[0].message.content`, parts joined.
  std::string finish_reason; ///< "stop", "length", "content_filter", ...; empty if unknown.
};

/// Takes the words out of an outcome's body in OpenAI shape (chat completion, or a Responses
/// object).
/// @returns `errc::bad_request` for a refusal or filtered answer (with its words),
/// `errc::bad_response` if there is no text. A cut answer (`finish_reason` length) comes as it is.
result<answer_text> read_answer(std::string_view body);

/// The text of an answer without the thoughts before it: leading blocks in `<think>` and its other
/// spellings, also with no closing tag (nothing is left then), and all before a closing tag whose
/// opening tag the prompt's template held. Tags inside of the text stay.
std::string_view without_thoughts(std::string_view text) noexcept;

/// Whether an answer has a text, and nothing of it is left without its thoughts. Such an answer is
/// not worth keeping.
bool has_only_thoughts(std::string_view body);

/// The JSON in an answer: the whole text, or what stands in a code fence, or the first value ({...}
/// or
/// [...]) in the prose around it that is whole.
/// @returns `errc::schema_mismatch` with the fault of the most likely piece, fit to be shown to the
/// model.
result<boost::json::value> find_json(std::string_view text);

/// What becomes of a text that was cut at its maximum of output tokens.
enum class truncated_mode : uint8_t {
  fail, ///< The row fails; the error names the remedy.
  mark, ///< The text is kept, and the row's notes say so.
};

/// An answer as later stages and columns see it, checked.
/// Thoughts are no part of it. Of several JSON values the one that fits the schema is taken.
/// @param schema Null: any text will do that is not blank.
/// @returns `errc::schema_mismatch` with what is wrong, fit for a correction (also for an empty
/// answer, and for different values that all fit); what `read_answer` returns otherwise. A cut
/// answer that does not fit its schema says so, and the remedy (max_tokens). A cut answer without
/// text is `errc::bad_response`, because a correction cannot help.
result<stage_answer> accept_answer(std::string_view body, const schema_check* schema,
                                   truncated_mode truncated = truncated_mode::fail);

} // namespace penstock::core
