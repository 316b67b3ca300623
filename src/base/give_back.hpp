#pragma once

namespace gemel::base {

/// Empties a container and gives its memory back. (`values = {}` empties a vector and keeps its memory.)
template <class Container>
void give_back(Container& container) {
  container = Container();
}

}  // namespace gemel::base
