// One import for all libraries of the package but `Experiments` and `Reports`: both models, data, files, event
// recordings and training. `SpikingReLU` alone links no BLAS.

@_exported public import DataFiles
@_exported public import Datasets
@_exported public import DenseReLU
@_exported public import EventRecordings
@_exported public import ModelFiles
@_exported public import Networks
@_exported public import Prediction
@_exported public import SpikeKernels
@_exported public import SpikingReLU
@_exported public import Streams
@_exported public import Training
