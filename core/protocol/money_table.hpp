#pragma once

#include "core/base/verdict.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::core {

struct error_body;

/// Whether a provider's own name for an error (code, type or reason, in any case of letters) says
/// that the account has no money, or has reached a spend limit. Its status does not matter.
bool is_money_name(std::string_view name);

/// The phrase in the text of an error that speaks of money; empty if there is none.
///
/// The text may repeat the prompt: an essay about an insufficient balance must not stop a job. So a
/// phrase that the request holds as well counts only at the very start of the text.
/// @param sent The body of the request, as JSON.
std::string_view money_phrase(std::string_view message, std::string_view sent);

/// The part of `error` that says that the account has no money, by its names or else by its text:
/// `error` itself, or one of its causes as gateways nest them. Null if there is none. Daily and
/// per-minute quotas are no money: waiting helps, even if the provider calls them
/// `insufficient_quota` (Alibaba) or writes of billing details (Google).
/// @param sent The body of the request, as JSON.
const error_body* find_money(const error_body& error, std::string_view sent);

/// The meaning of MiniMax's `base_resp.status_code`, which comes with status 200. Nullopt for zero
/// (success) and for numbers that the provider does not list.
std::optional<reply_kind> kind_of_base_resp(int64_t status_code) noexcept;

} // namespace penstock::core
