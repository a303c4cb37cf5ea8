#pragma once

#include <string>
#include <vector>

#include "protocol/hub/json_writer.h"
#include "storage/store.h"

/// Discussions as clients read them. Source: HUB_API 5.8.
namespace waag::daemon {

/// "open", "closed", "merged", "draft"
std::string_view status_name(storage::DiscussionStatus status);

/// The fields that a list and the details have in common, into an open object.
void write_discussion(hub::JsonWriter& json, const RepoId& repo, const storage::DiscussionRow& row);

/// One event of discussion `number`.
void write_event(hub::JsonWriter& json, std::uint64_t number, const storage::PlacedEvent& event);

/// Stored events and the commits of a pull request as one array by time: the first comment first,
/// of equal times commits before the rest.
void write_events(hub::JsonWriter& json, std::uint64_t number,
                  const std::vector<storage::EventRow>& events,
                  const std::vector<storage::Pulls::PushedCommit>& commits);

/// An event's id for clients: 24 lower-case hex digits, by its place.
std::string event_id(std::uint64_t number, std::uint32_t seq);
/// The place that an id of discussion `number` names; nullopt if it is none of its ids.
std::optional<std::uint32_t> parse_event_id(std::uint64_t number, std::string_view id);

/// Plain text as HTML: nothing of it is markup.
std::string html_of(std::string_view text);

}  // namespace waag::daemon
