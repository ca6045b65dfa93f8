from kdnrm.saas_plugins import SaasPluginBase

try:
    import no_such_module_of_anybody
except ImportError:
    pass  # As the kit recommends it.


class SaasPlugin(SaasPluginBase):
    name = "Needs More"

    @classmethod
    def requirements(cls):
        return ["no-such-module-of-anybody>=2", "another-missing-one"]

    def change_password(self):
        no_such_module_of_anybody.connect()
