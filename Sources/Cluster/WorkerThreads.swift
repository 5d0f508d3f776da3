internal import Foundation

/// Threads that jobs run on, so that the shared ones stay free: a job may compute for hours without a pause, and
/// rank 0 must hand out others meanwhile.
package final class WorkerThreads: TaskExecutor, @unchecked Sendable {
  private let condition = NSCondition()
  private var jobs: [UnownedJob] = []
  private var isEnded = false

  /// So many threads, that wait for jobs.
  package init(_ count: Int) {
    for _ in 0..<count {
      let thread = Thread { [self] in
        while let job = next() { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
      }
      // As the shared ones have.
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  /// Takes a job.
  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    condition.lock()
    jobs.append(job)
    condition.signal()
    condition.unlock()
  }

  /// Lets the threads end when there is nothing more to do.
  package func end() {
    condition.lock()
    isEnded = true
    condition.broadcast()
    condition.unlock()
  }

  private func next() -> UnownedJob? {
    condition.lock()
    defer { condition.unlock() }
    while jobs.isEmpty && !isEnded { condition.wait() }
    return jobs.isEmpty ? nil : jobs.removeFirst()
  }
}
