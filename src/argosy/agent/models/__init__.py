"""An instance of many models: one agent, one zygote, a process for each model that is loaded.

    edges ──MODEL──► Edges ──► Library ──► Download (a fork of the agent)
                                  │  └───► Process ◄──fork── Zygote (in the sandbox)
    edges ◄════════ requests ═══════════►  Process

The agent only says where a model's process listens; requests and answers pass it by. What is
unloaded when is decided in `cache`, from values alone.
"""
