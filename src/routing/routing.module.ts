import { Module } from '@nestjs/common';
import { DeploymentChooser } from './deployment-chooser.js';

/** Which deployment of a group serves a request. */
@Module({ providers: [DeploymentChooser], exports: [DeploymentChooser] })
export class RoutingModule {}
