public import Cluster

/// Joins the other processes of a job, if a launcher started this one with others; alone otherwise.
///
/// What a launcher says in the environment decides: MPI is not started where nobody launched it (a second
/// of time), and a build without MPI does not take each of many processes for the only one.
///
/// - Parameters:
///   - environment: of the process.
///   - timeout: seconds after which a rank that nothing is heard of is given up; `nil` for never.
/// - Throws: `ClusterError`.
public func joinCluster(
  environment: [String: String], timeout: Int? = 60
) throws(ClusterError) -> any Communicator {
  guard let processes = launchedProcesses(environment) else { return SingleProcess() }
  #if MPI
    let ranks = try MPICommunicator(timeout: timeout)
    guard ranks.size > 1 || processes == 1 else {
      throw .unusable(
        reason:
          "the launcher started \(processes) processes, and this one finds no other: is it a launcher "
          + "of this MPI?")
    }
    return ranks
  #else
    guard processes == 1 else { throw .builtWithoutMPI(processes: processes) }
    return SingleProcess()
  #endif
}

/// How many processes a launcher of MPI jobs started, as far as it says; `nil` where there was none.
func launchedProcesses(_ environment: [String: String]) -> Int? {
  // Open MPI; MPICH, Intel MPI and others with Hydra; Slurm.
  for name in ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS", "SLURM_STEP_NUM_TASKS"] {
    if let size = environment[name].flatMap({ Int($0) }), size >= 1 { return size }
  }
  // Who speaks PMIx alone does not say how many there are: at least as many as this one's rank tells.
  return environment["PMIX_RANK"].map { 1 + max(0, Int($0) ?? 0) }
}
