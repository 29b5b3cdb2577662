#pragma once

#include "core/recipe/document.hpp"
#include "core/recipe/recipe.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// The path of a stage's requests.
inline constexpr std::string_view stage_url = "/v1/chat/completions";

/// The names of the documents of a stage for a row, in order.
result<std::vector<std::string>> document_names(const recipe_stage& stage, const row_scope& scope);

/// The body of a stage's request for a row: a chat completion in OpenAI shape on one line, with
/// system message, documents and prompt as parts, parameters, and the schema as `response_format`.
/// @param model_default For a stage without a model; empty: the body has no model.
/// @param documents In the order of `document_names`.
/// @returns `errc::invalid_input` if the prompt is empty or too large.
result<std::string> stage_body(const recipe_stage& stage, const row_scope& scope,
                               std::span<const document> documents,
                               std::string_view model_default = {});

/// The body that asks for a better answer: the conversation of `body`, then the bad answer and its
/// fault. It is always made from the first body, so that it does not grow with each correction.
/// @pre `body` is a result of `stage_body`.
std::string correction_body(std::string_view body, std::string_view bad_answer,
                            std::string_view fault);

/// `body` as a request of a job. @param index Place in that job.
request stage_request(std::string body, uint64_t index, std::string custom_id);

} // namespace penstock::core
