#pragma once

namespace gemel::exchange {

/// The messages that are under way beside each other, as mpi::Communicator::start_message tells them apart.
enum MessageKind : int { row_request, row_gradients };

}  // namespace gemel::exchange
