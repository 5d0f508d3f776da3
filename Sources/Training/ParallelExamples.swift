internal import Synchronization

/// Called with the number of examples done and their total, from any task.
public typealias ProgressHandler = @Sendable (_ done: Int, _ total: Int) -> Void

/// Calls `body` for every example 0..<`count` on `workers` tasks, each with a state of its own, and
/// returns the results in order of examples: the same for any number of workers.
///
/// - Parameters:
///   - count: the number of examples.
///   - workers: the number of tasks; at most `count` are started.
///   - makeState: makes the state of one worker: a copy of a network, usually.
///   - progress: told after each example.
/// - Throws: what `body` throws for an example, or `CancellationError`.
package func mapExamples<State: Sendable, Result: Sendable>(
  count: Int, workers: Int, progress: ProgressHandler?,
  makeState: @escaping @Sendable () throws -> State,
  body: @escaping @Sendable (inout State, Int) throws -> Result
) async throws -> (results: [Result], states: [State]) {
  let workers = max(1, min(workers, count))
  let done = Counter()
  return try await withThrowingTaskGroup(of: (Int, [Result], State).self) { group in
    for worker in 0..<workers {
      group.addTask {
        var state = try makeState()
        var results: [Result] = []
        for example in stride(from: worker, to: count, by: workers) {
          try Task.checkCancellation()
          results.append(try body(&state, example))
          progress?(done.increment(), count)
        }
        return (worker, results, state)
      }
    }
    var parts: [(results: [Result], state: State)?] = Array(repeating: nil, count: workers)
    for try await (worker, results, state) in group { parts[worker] = (results, state) }
    let all = (0..<count).map { parts[$0 % workers]!.results[$0 / workers] }
    return (all, parts.map { $0!.state })
  }
}

private final class Counter: Sendable {
  private let value = Atomic<Int>(0)
  package func increment() -> Int { value.add(1, ordering: .relaxed).newValue }
}
