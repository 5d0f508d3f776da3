internal import Synchronization

/// Events from several tasks for one that waits for them. Unlike `AsyncStream`, it goes on when that task is
/// cancelled: what was finished meanwhile is not lost.
final class EventQueue<Event: Sendable>: Sendable {
  private struct State {
    var events: [Event] = []
    var waiting: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  /// Adds an event.
  func add(_ event: Event) { wake { $0.events.append(event) } }

  /// What is there, taken out.
  func drained() -> [Event] {
    state.withLock { state in
      defer { state.events = [] }
      return state.events
    }
  }

  private func wake(_ change: (inout State) -> Void) {
    let waiting = state.withLock { state in
      change(&state)
      defer { state.waiting = nil }
      return state.waiting
    }
    waiting?.resume()
  }

  /// The next event, or `nil` when the task was cancelled meanwhile.
  ///
  /// - Parameter endsWhenCancelled: `false` waits for an event in any case.
  func next(orCancelled endsWhenCancelled: Bool) async -> Event? {
    while true {
      let event = state.withLock { $0.events.isEmpty ? nil : $0.events.removeFirst() }
      if let event { return event }
      if endsWhenCancelled && Task.isCancelled { return nil }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let isReady = state.withLock { state in
            if !state.events.isEmpty || (endsWhenCancelled && Task.isCancelled) { return true }
            state.waiting = continuation
            return false
          }
          if isReady { continuation.resume() }
        }
      } onCancel: {
        if endsWhenCancelled { wake { _ in } }
      }
    }
  }
}
