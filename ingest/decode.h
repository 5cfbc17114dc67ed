// From a frame to a batch of events as docs/wire_format.md defines it: every length and type is checked before it is
// used. Used by the pipeline's parallel stage (decode, raw_inputs) and by every source (peek_header). Keeps no sequence
// and no clock.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event_batch.h"
#include "core/frame.h"
#include "core/model.h"
#include "core/word_columns.h"

namespace vigil::ingest {

inline constexpr std::size_t kLargestMessage = std::size_t{64} << 20;  // bytes, all parts
inline constexpr std::uint32_t kMostEvents = 1u << 22;
inline constexpr std::uint64_t kMostInputColumns = 4096;
inline constexpr std::size_t kLongestText =
    4096;  // bytes of one str: names are copied, and live as long as their source

// The loaded model of a name, or null. Called at most once a batch.
using ModelLookup = std::function<const ModelInfo*(std::string_view)>;

// Decodes one frame. The columns of `out` point into frame.parts[1], which must outlive them; apart from the header's
// texts nothing is copied. On anything but `none` `out` holds what was readable of the header, and no columns, and
// `detail` (where asked for) names the place: key or column, what was found, what was expected, with at most 64 escaped
// characters of any one text of the message.
// A batch of another model_hash than the loaded model's is checked against itself only (rows, lengths, clock), not
// against the loaded model's columns and types; so is one whose ModelInfo has no inputs. Inputs that are integers on
// the wire stay codes (see raw_inputs). Causes are tested in this order and the first that applies is returned:
//   parts, too_large, not_msgpack | not_a_map (as met), trailing_bytes, version, wrong_type, missing_key, limits,
//   topic, unknown_model, orbits (reversed), lumisection, limits (n_bx), missing_key (columns), then orbit, bx, inputs,
//   hw_outputs and hw_bits one after the other (column or limits), orbits (events), bunch_crossing, word_range.
// Thread-safe; throws nothing but std::bad_alloc, and what `lookup` throws.
[[nodiscard]] Rejection decode(const Frame& frame, const ModelLookup& lookup, EventBatch& out,
                               std::string* detail = nullptr);

// Raw input words [batch.n, info.inputs.size()] of a batch that decode accepted and that is of this model.
// Zero copy unless a column is an integer on the wire: then `scratch` holds the words (of 4 or 8 bytes), and the view
// is valid until it changes. A batch without events gives an empty view. Thread-safe.
WordsView raw_inputs(const EventBatch& batch, const ModelInfo& info, std::vector<std::int64_t>& scratch);

// Whether raw_input_columns may be asked for this model: every raw input word fits 32 bits.
bool inputs_fit_columns(const ModelInfo& info);
// The same words for rows first .. first + rows - 1 (within the batch) as contiguous columns of 4-byte words, for a
// model that inputs_fit_columns. Thread-safe.
void raw_input_columns(const EventBatch& batch, const ModelInfo& info, std::size_t first, std::size_t rows,
                       WordColumns& out);

// The header of a message, without touching columns: keys in any order, a field empty where it is absent, of the wrong
// type, or there twice; after damage what came before it. A topic longer than two texts is cut. Thread-safe.
FrameHeader peek_header(const std::vector<std::string>& parts);

}  // namespace vigil::ingest
