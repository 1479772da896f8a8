//! What NVIDIA's management library says about load and memory of the GPUs, where there is one.

use super::usage_scan::MB;
use nvml_wrapper::Nvml;
use std::cell::OnceCell;

/// One GPU at one moment, all its processes together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GpuUsage {
    /// Its index in the order of the library, which is that of the PCI bus.
    pub(super) index: u32,
    /// Its id, `GPU-…`.
    pub(super) uuid: String,
    /// Share of the time in which it worked, in percent.
    pub(super) percent: Option<f64>,
    /// Memory in use, in MB.
    pub(super) memory_mb: Option<f64>,
}

/// The library, loaded when it is first asked for; never again if that failed.
#[derive(Debug, Default)]
pub(super) struct GpuMeter(OnceCell<Option<Nvml>>);

impl GpuMeter {
    /// All GPUs of the machine; none without the library. Loads it at the first call, which can take
    /// longer than a second.
    pub(super) fn read(&self) -> Vec<GpuUsage> {
        let library = self.0.get_or_init(|| Nvml::init().ok());
        let Some(nvml) = library else { return Vec::new() };
        let n_devices = nvml.device_count().unwrap_or(0);
        (0..n_devices).filter_map(|index| usage(nvml, index)).collect()
    }
}

fn usage(nvml: &Nvml, index: u32) -> Option<GpuUsage> {
    let device = nvml.device_by_index(index).ok()?;
    Some(GpuUsage {
        index,
        uuid: device.uuid().unwrap_or_default(),
        percent: device.utilization_rates().ok().map(|rates| f64::from(rates.gpu)),
        memory_mb: device.memory_info().ok().map(|memory| memory.used as f64 / MB),
    })
}

/// True if a process with this `CUDA_VISIBLE_DEVICES` can use the GPU; without the variable it can use
/// all. A part of a GPU (MIG) cannot be told from others, so it counts as any.
pub(super) fn is_visible(gpu: &GpuUsage, variable: Option<&str>) -> bool {
    let Some(variable) = variable else { return true };
    variable.split(',').map(str::trim).take_while(|id| !id.starts_with('-')).any(|id| {
        let by_uuid = id.starts_with("GPU-") && gpu.uuid.starts_with(id);
        by_uuid || id.starts_with("MIG-") || id.parse() == Ok(gpu.index)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_told_of_its_own_gpus() {
        let gpu =
            GpuUsage { index: 1, uuid: "GPU-8932f937-d72c".into(), percent: None, memory_mb: None };
        let check = |variable: Option<&str>, expect: bool| {
            assert_eq!(is_visible(&gpu, variable), expect, "{variable:?}");
        };
        check(None, true);
        check(Some("1"), true);
        check(Some("0, 1"), true);
        check(Some("0"), false);
        check(Some("11"), false);
        check(Some(""), false);
        check(Some("0,-1,1"), false);
        check(Some("GPU-8932"), true);
        check(Some("GPU-77"), false);
        check(Some("MIG-77"), true);
    }

    #[test]
    fn a_machine_without_the_library_has_no_values() {
        let meter = GpuMeter::default();
        // On a machine that has GPUs each has an index of its own; elsewhere there are none, twice.
        let indices: Vec<u32> = meter.read().iter().map(|gpu| gpu.index).collect();
        let expect: Vec<u32> = (0..indices.len() as u32).collect();
        assert_eq!(indices, expect);
        assert_eq!(meter.read().len(), indices.len());
    }
}
