#pragma once

#include "checkpoint/checkpoint_format.hpp"

namespace gemel {

/// Checkpoints that may hold anything: for what containers do, whatever is in them.
inline const checkpoint::FileKind& any_file() {
  static const checkpoint::FileKind kind = [] {
    using hdf5::Element;
    checkpoint::FileKind any = checkpoint::checkpoint_file();
    any.datasets = {{"*",
                     {Element::float32, Element::float64, Element::uint8, Element::int32, Element::int64,
                      Element::uint64, Element::text},
                     0}};
    any.attributes_of = {"*"};
    return any;
  }();
  return kind;
}

}  // namespace gemel
