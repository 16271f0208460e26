"""From a job to its outputs: plan, stages, session, manifest; and the way back to vendor bytes."""
