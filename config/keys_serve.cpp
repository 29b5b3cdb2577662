#include "config/key_makers.hpp"

namespace penstock::config {

#define PENSTOCK_AT(member) [](settings& s) -> field { return &s.member; }

void add_serve_keys(std::vector<key_row>& rows) {
  using enum value_kind;
  rows.push_back(
    text_row(help_group::head, in_head, "serve.store", "store", "FILE", PENSTOCK_AT(serve.store),
             is_printable, "a file name",
             "Database of the head with jobs, requests and outcomes; made if it is missing."));
  rows.push_back(plain_row(help_group::head, in_head, "serve.retention", "retention", span, "TIME",
                           PENSTOCK_AT(serve.retention),
                           {.min = 1, .max = 3650 * day, .zero_means = "for ever"},
                           "How long an ended job and its outcomes are kept."));
  rows.push_back(text_row(
    help_group::head, in_head, "serve.http", "http", "HOST:PORT", PENSTOCK_AT(serve.http),
    is_endpoint_or_empty, "an address such as \"127.0.0.1:8117\", or empty (no HTTP)",
    "Address of the HTTP service. Without keys (penstock keys) only loopback is allowed."));
  rows.push_back(
    text_row(help_group::head, in_head, "serve.http_cert", "http-cert", "FILE",
             PENSTOCK_AT(serve.http_cert), is_printable, "a file name",
             "PEM file with the certificate chain of the HTTP service; empty: no TLS."));
  rows.push_back(text_row(help_group::head, in_head, "serve.http_key", "http-key", "FILE",
                          PENSTOCK_AT(serve.http_key), is_printable, "a file name",
                          "PEM key of that certificate."));
  rows.push_back(plain_row(help_group::head, in_head, "serve.http_threads", "http-threads", integer,
                           "N", PENSTOCK_AT(serve.http_threads), {.min = 1, .max = 64},
                           "Threads of the HTTP service."));
  rows.push_back(plain_row(help_group::head, in_head, "serve.live_patience", "live-patience", span,
                           "TIME", PENSTOCK_AT(serve.live_patience), {.min = 0.001, .max = 3600},
                           "How long a live request may wait for a slot and for its limits."));
  rows.push_back(
    plain_row(help_group::head, in_head, "serve.live_slots", "live-slots", number, "SHARE",
              PENSTOCK_AT(serve.live_slots), {.min = 0, .max = 4, .above_min = true},
              "Slots for live requests, as a share of each node's slots, in addition to them."));
}

#undef PENSTOCK_AT

} // namespace penstock::config
